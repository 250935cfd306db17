// The environment of `npm start` itself; each process's own variables are passed on to it and parsed there.
import { z } from 'zod';
import { type Settings, type Variables } from '../../process/environment';

export const START_VARIABLES = {
  MONGODB_URI: {
    schema: z.string().regex(/^mongodb(\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://').optional(),
    describe: 'A MongoDB replica set of your own. Without it an embedded database is installed and started.',
  },
  PYTHON: { schema: z.string().min(1).optional(), describe: 'The Python (3.10 to 3.13) that runs the embedded database. Without it the PATH is searched.' },
} as const satisfies Variables;

export type StartSettings = Settings<typeof START_VARIABLES>;
