// The relay's environment: the only place of this process that reads it.
import { z } from 'zod';
import { port, type Variables } from '../../../storage/process/environment';
import { EDGE_VARIABLES } from '../settings';

const { LOG_LEVEL, DRACHTIO_ADDRESS, DRACHTIO_PORT, DRACHTIO_SECRET, EDGE_CONTROL_PORT, CONTROL_SOURCES, EDGE_HEALTH_PORT } = EDGE_VARIABLES;

export const RELAY_VARIABLES = {
  LOG_LEVEL, DRACHTIO_ADDRESS, DRACHTIO_PORT, DRACHTIO_SECRET, EDGE_CONTROL_PORT, CONTROL_SOURCES, EDGE_HEALTH_PORT,
  DRACHTIO_SERVER_HOST: { schema: z.string().min(1).default('127.0.0.1'), describe: 'Where drachtio-server is, for the relay in front of it.' },
  DRACHTIO_SERVER_PORT: { schema: port(9122), describe: 'The port on which drachtio-server listens for clients.' },
  DRACHTIO_SERVER_SECRET: { schema: z.string('must be set').min(1), describe: 'What drachtio-server wants its clients to know.', secret: true },
} as const satisfies Variables;
