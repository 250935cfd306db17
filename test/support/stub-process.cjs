// Stands in for one of our processes: answers /healthz, and dies in the way its environment asks for.
'use strict';
const fs = require('node:fs');
const http = require('node:http');

const { STUB_PORT, STUB_MODE, STUB_MARK } = process.env;
const times = fs.existsSync(STUB_MARK) ? fs.readFileSync(STUB_MARK, 'utf8').length + 1 : 1;
fs.appendFileSync(STUB_MARK, 'x');
if (STUB_MODE === 'usage') {
  console.error('STUB_PORT cannot be used: it is silly.');
  process.exit(2);
}
if (STUB_MODE === 'logged') {
  console.log(JSON.stringify({ level: 50, msg: 'could not listen', err: { message: 'port 1 is in use' } }));
  process.exit(3);
}
http.createServer((request, response) => {
  if (request.url === '/die') process.exit(1);
  if (request.url === '/replaced') process.exit(5);
  if (request.url === '/unusable') process.exit(2);
  response.writeHead(200).end(JSON.stringify({ ok: true, times }));
}).listen(Number(STUB_PORT), '127.0.0.1');
if (STUB_MODE === 'stubborn') process.on('SIGTERM', () => undefined);
