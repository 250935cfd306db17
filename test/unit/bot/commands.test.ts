// What typed words mean, as tables.
import fc from 'fast-check';
import { findNamed, readCommand, readPause } from '../../../bot/commands';

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
    ['pick', { command: 'pick', group: '' }], ['pick longest waiting', { command: 'pick', group: '' }], ['pick longest waiting in sales', { command: 'pick', group: 'sales' }], ['Pick longest wiating in help desk', { command: 'pick', group: 'help desk' }], ['pick sales', { command: 'pick', group: 'sales' }],
    ['move longest waiting in sales to help desk', { command: 'move', group: 'sales', to: 'help desk' }], ['move longest waiting in help to desk to night', { command: 'move', group: 'help', to: 'desk to night' }], ['move longest waiting to help desk', { command: 'move', group: '', to: 'help desk' }], ['mvoe longest waiting in sales to help desk', { command: 'move', group: 'sales', to: 'help desk' }],
    ['priority 1 for longest waiting in sales', { command: 'priority', priority: '1', group: 'sales' }], ['priority 2 in help desk', { command: 'priority', priority: '2', group: 'help desk' }],
    ['pause', { command: 'pause', words: '' }], ['pause 10 minutes lunch', { command: 'pause', words: '10 minutes lunch' }], ['puase Bob 10 minutes', { command: 'pause', words: 'bob 10 minutes' }], ['resume', { command: 'resume', name: '' }], ['resume bob okafor', { command: 'resume', name: 'bob okafor' }],
    ['sign in', { command: 'onDuty' }], ['sign in to sales', { command: 'signIn', group: 'sales', name: '' }], ['sign out of help desk', { command: 'signOut', group: 'help desk', name: '' }], ['sign bob in to sales', { command: 'signIn', group: 'sales', name: 'bob' }], ['sign out bob okafor of sales', { command: 'signOut', group: 'sales', name: 'bob okafor' }],
    ['agents of help desk', { command: 'team', group: 'help desk' }], ['team', { command: 'team', group: '' }], ['who is on duty in sales?', { command: 'team', group: 'sales' }],
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

describe('readPause', () => {
  it.each<[string, object]>([
    ['', { name: '', minutes: null, reason: '', either: '' }], ['10 minutes', { name: '', minutes: 10, reason: '', either: '' }], ['10', { name: '', minutes: 10, reason: '', either: '' }],
    ['10 minutes lunch', { name: '', minutes: 10, reason: 'lunch', either: '' }], ['for 10 min for lunch with ann', { name: '', minutes: 10, reason: 'lunch with ann', either: '' }], ['2 hours', { name: '', minutes: 120, reason: '', either: '' }], ['90m', { name: '', minutes: 90, reason: '', either: '' }],
    ['bob 10 minutes', { name: 'bob', minutes: 10, reason: '', either: '' }], ['bob okafor for 5 minutes lunch', { name: 'bob okafor', minutes: 5, reason: 'lunch', either: '' }],
    ['lunch', { name: '', minutes: null, reason: '', either: 'lunch' }], ['bob', { name: '', minutes: null, reason: '', either: 'bob' }],
  ])('of %j is %j', (words, expected) => {
    expect(readPause(words)).toEqual(expected);
  });

  it('of anything at all is whole minutes or none', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (words) => {
      const { minutes } = readPause(words);
      return minutes === null || Number.isInteger(minutes);
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
