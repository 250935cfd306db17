// Which Python is chosen among those a machine may have, and the words when none will do.
import { findPython, type ProbeAnswer } from '../../../storage/local/python';
import { LocalDatabaseFault } from '../../../storage/local/fault';

const whole = (minor: number, major = 3): ProbeAnswer => ({ major, minor, venv: true, ensurepip: true });
const machine = (has: Record<string, ProbeAnswer>) => async (command: string) => has[command];

test.each([
  ['the plain python3', { python3: whole(11), 'python3.13': whole(13) }, 'python3', '3.11'],
  ['an older beside one that is too new', { python3: whole(14), 'python3.12': whole(12) }, 'python3.12', '3.12'],
  ['a newer beside one that is too old', { python3: whole(8), 'python3.10': whole(10) }, 'python3.10', '3.10'],
  ['another where python3 cannot make environments', { python3: { ...whole(11), ensurepip: false }, 'python3.12': whole(12) }, 'python3.12', '3.12'],
  ['plain python where it is a Python 3', { python: whole(13) }, 'python', '3.13'],
] as const)('finds %s', async (_what, has, command, version) => {
  expect(await findPython(undefined, machine(has))).toEqual({ command, version });
});

test.each([
  ['there is none', {}, 'PYTHON_MISSING', /No Python was found/],
  ['it is too old', { python3: whole(9) }, 'PYTHON_UNSUITABLE', /python3 is Python 3\.9, which is too old/],
  ['it is Python 2', { python: whole(7, 2) }, 'PYTHON_UNSUITABLE', /python is Python 2\.7, which is too old/],
  ['it is too new', { python3: whole(14) }, 'PYTHON_UNSUITABLE', /not built yet/],
  ['venv is missing', { python3: { ...whole(11), venv: false } }, 'PYTHON_UNSUITABLE', /its venv module is missing[^]*apt install python3-venv/],
  ['ensurepip is missing', { python3: { ...whole(11), ensurepip: false } }, 'PYTHON_UNSUITABLE', /its ensurepip module is missing[^]*apt install python3-venv \(or python3\.11-venv\)/],
] as const)('says what to do when %s', async (_what, has, code, words) => {
  const fault: unknown = await findPython(undefined, machine(has)).catch((one: unknown) => one);
  expect(fault).toBeInstanceOf(LocalDatabaseFault);
  expect(fault).toMatchObject({ code, exitCode: 2, message: expect.stringMatching(words) });
  expect((fault as Error).message).toContain('MONGODB_URI');
});

test('a Python that was named is the only one asked', async () => {
  await expect(findPython('/opt/none', machine({ python3: whole(11) }))).rejects.toThrow('PYTHON names "/opt/none", which does not run.');
});
