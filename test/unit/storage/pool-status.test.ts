// What a replica set says of itself, in our words, and why it refuses to step down.
import { MongoNetworkError, MongoServerError } from 'mongodb';
import { membersByName, membersInDetail, stepDownRefusal } from '../../../storage/administration/pool-status';

const second = (seconds: number): Date => new Date(Date.UTC(2026, 10, 23, 12, 0, seconds));
/** As a three-member set with one arbiter beside it answered `replSetGetStatus`, less what is not read. */
const STATUS = {
  set: 'rs0',
  members: [
    { name: 'c:27017', health: 1, stateStr: 'SECONDARY', optimeDate: second(6) },
    { name: 'a:27017', health: 1, stateStr: 'PRIMARY', optimeDate: second(10) },
    { name: 'd:27017', health: 1, stateStr: 'ARBITER' },
    { name: 'b:27017', health: 0, stateStr: '(not reachable/healthy)', optimeDate: new Date(0) },
  ],
};

test('Of each member: role, health, and how far it is behind the primary', () => {
  expect(membersInDetail(STATUS)).toEqual({
    replicaSet: 'rs0', isDetailed: true,
    members: [
      { name: 'a:27017', role: 'primary', healthy: true, lagMs: 0 },
      { name: 'b:27017', role: 'other', healthy: false, lagMs: null },
      { name: 'c:27017', role: 'secondary', healthy: true, lagMs: 4_000 },
      { name: 'd:27017', role: 'arbiter', healthy: true, lagMs: null },
    ],
  });
});

test('A member that is ahead of what the primary last told is not behind, and without a primary no lag is known', () => {
  const [c, a] = STATUS.members;
  expect(membersInDetail({ set: 'rs0', members: [{ ...c, optimeDate: second(11) }, a] }).members.map((one) => one.lagMs)).toEqual([0, 0]);
  expect(membersInDetail({ set: 'rs0', members: [c] }).members).toEqual([{ name: 'c:27017', role: 'secondary', healthy: true, lagMs: null }]);
});

test('A member that starts or recovers is reached, and yet not well', () => {
  expect(membersInDetail({ set: 'rs0', members: [{ name: 'a:1', health: 1, stateStr: 'RECOVERING', optimeDate: second(1) }] }).members[0]).toEqual({ name: 'a:1', role: 'other', healthy: false, lagMs: null });
});

test('Who may not ask in detail is told the names and the primary, and that health and lag are not known', () => {
  expect(membersByName({ setName: 'rs0', hosts: ['b:1', 'a:1'], passives: ['p:1'], arbiters: ['d:1'], primary: 'b:1' })).toEqual({
    replicaSet: 'rs0', isDetailed: false,
    members: [
      { name: 'b:1', role: 'primary', healthy: null, lagMs: null },
      { name: 'a:1', role: 'secondary', healthy: null, lagMs: null },
      { name: 'd:1', role: 'arbiter', healthy: null, lagMs: null },
      { name: 'p:1', role: 'secondary', healthy: null, lagMs: null },
    ],
  });
});

const server = (code: number): MongoServerError => Object.assign(new MongoServerError({ message: 'as the server words it' }), { code });
test.each([
  ['the user lacks the role', server(13), 'notPermitted'],
  ['none has caught up in time', server(262), 'notReady'],
  ['an election is under way', server(216), 'notReady'],
  ['the server knows no such command', server(59), 'failed'],
] as const)('A step-down is refused when %s', (_, fault, reason) => {
  expect(stepDownRefusal(fault)).toMatchObject({ kind: 'refused', reason });
});

test('A connection that is lost while stepping down, or a primary that is one no more, is no refusal', () => {
  expect(stepDownRefusal(new MongoNetworkError('closed'))).toBeNull();
  expect(stepDownRefusal(server(10107))).toBeNull();
});
