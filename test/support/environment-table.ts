// Writes README's table of environment variables from the schemas themselves, so that neither can drift from the other.
import { relative } from 'node:path';
import { type z } from 'zod';
import { ALL_VARIABLES } from '../../start';
import { type Variable } from '../../storage/process/environment';
import { ROOT } from '../../storage/process/root';

interface Row { readonly readers: string[]; readonly defaults: Set<string>; readonly describe: string; readonly secret: boolean }

/** Every variable of every process, in the order in which the processes are started. @throws where two processes disagree on a default */
export function environmentTable(): string {
  const rows = new Map<string, Row>();
  for (const [reader, variables] of Object.entries(ALL_VARIABLES)) {
    for (const [name, variable] of Object.entries<Variable>(variables)) {
      const row = rows.get(name) ?? { readers: [], defaults: new Set<string>(), describe: variable.describe, secret: variable.secret ?? false };
      row.readers.push(reader);
      row.defaults.add(defaultOf(variable.schema));
      rows.set(name, row);
    }
  }
  const lines = [...rows].map(([name, { readers, defaults, describe, secret }]) => {
    // `npm start` does without what a process on its own insists on, because it provides it.
    const differs = defaults.has('none') && defaults.has('required');
    const kinds = differs ? ['none for `npm start`, else required'] : [...defaults];
    if (kinds.length > 1) throw new Error(`${name} has more than one default: ${kinds.join(', ')}`);
    return `| \`${name}\` | ${readers.join(', ')} | ${kinds[0] ?? ''} | ${describe}${secret ? ' (secret: never printed)' : ''} |`;
  });
  return ['| Variable | Read by | Default | Meaning |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

/** As a person would write it: `required`, `none`, or the value; paths from the installation's folder. */
function defaultOf(schema: z.ZodType): string {
  const parsed = schema.safeParse(undefined);
  if (!parsed.success) return 'required';
  const { data } = parsed;
  if (data === undefined || data === '' || (Array.isArray(data) && data.length === 0)) return 'none';
  if (Array.isArray(data)) return `\`${data.join(',')}\``;
  if (typeof data !== 'string' && typeof data !== 'number') throw new Error(`a default that cannot be shown: ${JSON.stringify(data)}`);
  const text = String(data);
  return `\`${text.startsWith(ROOT) ? relative(ROOT, text) : text}\``;
}
