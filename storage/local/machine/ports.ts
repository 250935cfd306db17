// Checks every port before anything is started, so that a start never stops half-way over one.
import { EXIT } from '../../process/exit';
import { isTcpPortFree, isUdpPortFree } from '../ports';
import { StartFault } from './fault';

export interface NeededPort {
  /** The environment variable that moves it. */
  readonly variable: string;
  readonly purpose: string;
  readonly address: string;
  readonly port: number;
  readonly transports: ReadonlyArray<'tcp' | 'udp'>;
}

/** @throws StartFault (exit code 3) naming each port that is taken or asked for twice, and the variable that moves it */
export async function checkPorts(needed: readonly NeededPort[]): Promise<void> {
  const faults: string[] = [];
  for (const [index, { variable, purpose, address, port, transports }] of needed.entries()) {
    const twin = needed.slice(0, index).find((other) => other.port === port && other.transports.some((one) => transports.includes(one)));
    if (twin) {
      faults.push(`Port ${port} is asked for twice: by ${twin.variable} (${twin.purpose}) and by ${variable} (${purpose}).`);
      continue;
    }
    for (const transport of transports) {
      try {
        if (await (transport === 'tcp' ? isTcpPortFree : isUdpPortFree)(port, address)) continue;
        faults.push(`Port ${port} (${purpose}, ${transport.toUpperCase()} on ${address}) is in use. Set ${variable} to another port, for example: ${variable}=${port + 1} npm start`);
      } catch (fault) {
        faults.push(`Port ${port} (${purpose}) cannot be opened on ${address}: ${(fault as Error).message}.`);
      }
      break;
    }
  }
  if (faults.length > 0) throw new StartFault(faults.join('\n'), EXIT.portInUse);
}
