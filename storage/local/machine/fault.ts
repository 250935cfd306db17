// What stops a start: words for the person at the terminal, and the exit code that says whose turn it is.
import { EXIT } from '../../process/exit';

export class StartFault extends Error {
  readonly code = 'START';
  constructor(message: string, readonly exitCode: number = EXIT.failed, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartFault';
  }
}
