// A database for tests: the embedded server as the product starts it, one for each test file, gone when it is closed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../storage/process/root';
import { startEmbeddedDatabase, type EmbeddedDatabase } from '../../storage/local/embedded';

/** Made once and shared by every test file; the product's own default place, so a newcomer installs it once. */
export const DATABASE_ENVIRONMENT = join(ROOT, '.local', 'database-venv');

export interface TestDatabase {
  readonly uri: string;
  /** Stops the server and removes its data. */
  close(): Promise<void>;
  /** Ends the server as a power cut would, and starts it again on the same data and port. */
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** Starts a server with `configureFailPoint` allowed. Its first use on a machine installs it, which takes a while: give `beforeAll` minutes. */
export async function testDatabase(): Promise<TestDatabase> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'response-group-test-'));
  const start = (port: 'any' | 'stable'): Promise<EmbeddedDatabase> => startEmbeddedDatabase({ dataDirectory, virtualEnvironment: DATABASE_ENVIRONMENT, testCommands: true, port });
  let server = await start('any');
  return {
    uri: server.uri,
    kill: () => server.kill(),
    restart: async () => { server = await start('stable'); },
    close: async () => {
      await server.stop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
