// Preloaded into a media thread of tests: `die` kills it, as a fault nobody thought of would, and `hang` keeps it from doing anything more.
'use strict';
const { parentPort } = require('node:worker_threads');

parentPort.on('message', ({ request }) => {
  const command = request?.get('command');
  if (command === 'die') throw new Error('a fault nobody thought of');
  if (command === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
