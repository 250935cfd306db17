// What an engine is told of its own pool and of one mirrored beside it, as it changes hands.
import { emptyConfiguration, applyUpdate, type ConfigurationUpdate, type ObjectChange } from '../../../storage/model/configuration';
import { stands, type Serving } from '../../../storage/model/serving';
import { ServedConfiguration } from '../../../storage/mirror/served';

const change = (kind: string, id: string, after: object | null): ObjectChange => ({ kind, id, before: null, after: after && { id, version: 1, ...after } }) as unknown as ObjectChange;
const decision = (servedBy: string, epoch: number): Serving => ({ _id: 'east', servedBy, epoch, decidedBy: servedBy, at: new Date(0), by: 'Ada' });

function told(): { readonly served: ServedConfiguration; readonly take: (update: ConfigurationUpdate | null) => void; readonly users: () => readonly string[]; readonly configuration: ReturnType<typeof emptyConfiguration> } {
  const configuration = emptyConfiguration('west');
  return {
    served: new ServedConfiguration('west'), configuration,
    take: (update) => { if (update) applyUpdate(configuration, update); },
    users: () => [...configuration.objects.workflows.values()].map(({ sipUser }) => sipUser).sort(),
  };
}

const EAST = [
  change('workflows', 'sales-e', { pool: 'east', sipUser: 'sales', telephoneNumber: '+4930111' }), change('workflows', 'help-e', { pool: 'east', sipUser: 'help', telephoneNumber: '+4930222' }),
  change('agents', 'ada', { pool: 'east', sipUser: 'ada' }), change('trunks', 'trunk-e', { pool: 'east' }), change('settings', 'east', { pool: 'east' }), change('queues', 'queue-e', { pool: 'east' }),
];

test('A mirrored pool brings agents and queues, but neither groups, trunks nor settings, until it is served here; then its groups stay until they end', () => {
  const { served, take, users, configuration } = told();
  take(served.changed('west', { sequence: 7, changes: [change('workflows', 'own', { pool: 'west', sipUser: 'own', telephoneNumber: null })] }));
  take(served.changed('east', { sequence: 3, changes: EAST }));
  expect(users()).toEqual(['own']);
  expect([...configuration.objects.agents.keys(), ...configuration.objects.queues.keys(), ...configuration.objects.trunks.keys(), ...configuration.objects.settings.keys()]).toEqual(['ada', 'queue-e']);
  expect([served.servedBy('east'), served.ownerOfAgent('ada'), served.ownerOfAgent('nobody')]).toEqual(['east', 'east', null]);

  take(served.serving([decision('west', 1)]));
  expect(users()).toEqual(['help', 'own', 'sales']);
  expect(served.servedBy('east')).toBe('west');
  take(served.changed('east', { sequence: 4, changes: [change('workflows', 'help-e', null)] }));
  expect(users()).toEqual(['own', 'sales']);
  // Whoever waits in them is still served to the end; that nobody new comes is for those to see to who ask who serves.
  take(served.serving([decision('east', 2)]));
  expect([served.servedBy('east'), users()]).toEqual(['east', ['own', 'sales']]);
});

test('What is in force is told of the own log alone, and each update counts', () => {
  const { served, take, configuration } = told();
  take(served.changed('west', { sequence: 7, changes: [] }));
  expect([configuration.sequence, configuration.inForce]).toEqual([1, 7]);
  take(served.changed('east', { sequence: 30, changes: EAST }));
  expect([configuration.sequence, configuration.inForce]).toEqual([2, 7]);
  take(served.changed('west', { sequence: 8, changes: [] }));
  expect([configuration.sequence, configuration.inForce]).toEqual([3, 8]);
  // Nothing that the engine is to know has changed.
  expect(served.changed('east', { sequence: 31, changes: [change('trunks', 'trunk-e', { pool: 'east', name: 'other' })] })).toBeNull();
  expect(served.serving([])).toBeNull();
});

test('An address that the own pool uses stays its own, also when it is taken later, and comes free again', () => {
  const { served, take, users, configuration } = told();
  take(served.serving([decision('west', 1)]));
  take(served.changed('east', { sequence: 3, changes: EAST }));
  expect(users()).toEqual(['help', 'sales']);
  take(served.changed('west', { sequence: 1, changes: [change('workflows', 'sales-w', { pool: 'west', sipUser: 'sales', telephoneNumber: '+4930111' }), change('agents', 'ada-w', { pool: 'west', sipUser: 'Ada' })] }));
  expect(users()).toEqual(['help', 'sales', 'sales.east']);
  expect(configuration.objects.workflows.get('sales-e')?.telephoneNumber).toBeNull();
  expect(configuration.objects.workflows.get('sales-w')).toMatchObject({ sipUser: 'sales', telephoneNumber: '+4930111' });
  expect([...configuration.objects.agents.values()].map(({ sipUser }) => sipUser).sort()).toEqual(['Ada', 'ada.east']);
  take(served.changed('west', { sequence: 2, changes: [change('workflows', 'sales-w', null)] }));
  expect(users()).toEqual(['help', 'sales']);
  expect(configuration.objects.workflows.get('sales-e')?.telephoneNumber).toBe('+4930111');
});

test('Of two decisions the higher epoch stands, and of two with one epoch the same one at both sites', () => {
  const [one, two] = [{ epoch: 2, decidedBy: 'east' }, { epoch: 2, decidedBy: 'west' }];
  expect([stands(one, two), stands(two, one), stands(one, one)]).toEqual([false, true, true]);
  expect([stands({ epoch: 3, decidedBy: 'east' }, two), stands(two, { epoch: 3, decidedBy: 'east' })]).toEqual([true, false]);
});
