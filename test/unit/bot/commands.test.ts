// What typed words mean, as tables.
import fc from 'fast-check';
import { findNamed, readCommand } from '../../../bot/commands';

describe('readCommand', () => {
  it.each<[string, unknown]>([
    ['help', { command: 'help' }], ['HELP!', { command: 'help' }], ['?', { command: 'help' }], ['hello', { command: 'help' }], ['what can i do?', { command: 'help' }],
    ['my groups', { command: 'groups' }], ['My  Groups.', { command: 'groups' }], ['groups', { command: 'groups' }], ['my gruops', { command: 'groups' }], ['mygroups', null],
    ['show my groups', { command: 'groups' }], ['show Help Desk', { command: 'show', group: 'help desk' }], ['open sales', { command: 'show', group: 'sales' }], ['show', { command: 'show', group: '' }],
    ['edit sales', { command: 'edit', group: 'sales' }], ['eidt sales', { command: 'edit', group: 'sales' }], ['please edit sales', { command: 'edit', group: 'sales' }],
    ['live help desk', { command: 'live', group: 'help desk' }], ['watch sales', { command: 'live', group: 'sales' }], ['live', { command: 'live', group: '' }],
    ['on duty', { command: 'onDuty' }], ['go on duty', { command: 'onDuty' }], ['off duty', { command: 'offDuty' }], ['of duty', null], ['on dutty', { command: 'onDuty' }], ['duty', { command: 'duty' }],
    ['my phone', { command: 'phone' }], ['my phne', { command: 'phone' }], ['ring my phone', { command: 'ring' }], ['ring my phne', { command: 'ring' }], ['ring my fone', null],
    ['new group', { command: 'newGroup' }], ['new agent', { command: 'newAgent' }], ['add agent', { command: 'newAgent' }], ['agents', { command: 'agents', search: '' }], ['agents moreau', { command: 'agents', search: 'moreau' }],
    ['managers of help desk', { command: 'managers', group: 'help desk' }], ['managers help desk', { command: 'managers', group: 'help desk' }], ['manager sales', { command: 'managers', group: 'sales' }],
    ['undo', { command: 'undo' }], ['udno', { command: 'undo' }], ['who am i', { command: 'who' }], ['who am I?', { command: 'who' }], ['whoami', { command: 'who' }],
    ['', null], ['   ', null], ['banana', null], ['the weather today', null],
  ])('of %j is %j', (typed, command) => {
    expect(readCommand(typed)).toEqual(command);
  });

  it('never takes on duty for off duty, whatever slip is made', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 6 }), fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz '), (at, letter) => {
      const slip = (words: string): string => words.slice(0, at) + letter + words.slice(at + 1);
      const [on, off] = [readCommand(slip('on duty'))?.command, readCommand(slip('off duty'))?.command];
      return (on !== 'offDuty' || slip('on duty').startsWith('off')) && (off !== 'onDuty' || slip('off duty').startsWith('on '));
    }));
  });

  it('of anything at all never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (typed) => {
      const command = readCommand(typed);
      return command === null || typeof command.command === 'string';
    }));
  });
});

describe('findNamed', () => {
  const groups = [
    { displayName: 'Help Desk', sipUser: 'help-desk' }, { displayName: 'Help Desk Night', sipUser: 'night' }, { displayName: 'Sales', sipUser: 'sales' }, { displayName: 'Après-vente', sipUser: 'after.sales' },
  ];
  it.each<[string, string[]]>([
    ['help desk', ['help-desk']], ['HELP DESK', ['help-desk']], ['help-desk', ['help-desk']], ['sip:help-desk@example.org', ['help-desk']],
    ['help', ['help-desk', 'night']], ['night', ['night']], ['desk', ['help-desk', 'night']], ['sal', ['sales', 'after.sales']], ['sales', ['sales']], ['slaes', ['sales', 'after.sales']],
    ['apres vente', ['after.sales']], ['apres', ['after.sales']], ['elp', ['help-desk', 'night']], ['zzz', []], ['', []],
  ])('of %j is %j', (typed, users) => {
    expect(findNamed(typed, groups).map((one) => one.sipUser)).toEqual(users);
  });
});
