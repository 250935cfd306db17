// Loaded before a program to make it the release that comes after: a migration of its own, and more in each journalled call than this release knows.
'use strict';
const { join } = require('node:path');
const built = (path) => require(join(__dirname, '..', '..', 'dist', path));

built('storage/process/root.js').VERSION = '99.0.0';
const { STEPS } = built('storage/migrations/steps.js');
const number = STEPS.length + 1;
STEPS.push({
  number, name: 'next-release', readableFrom: number - 1,
  run: async (db) => { await db.collection('agents').updateMany({ ofNextRelease: { $exists: false } }, { $set: { ofNextRelease: { since: 99 } } }); },
});
const documents = built('engine/continuity/documents.js');
const { bodyOf } = documents;
documents.bodyOf = (call, ...more) => {
  const body = bodyOf(call, ...more);
  return { ...body, ofNextRelease: true, call: { ...body.call, ofNextRelease: { kind: 'new' }, phase: { ...body.call.phase, ofNextRelease: [1, 2] } } };
};
