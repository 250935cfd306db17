// Stands in for one mongod of a replica set: speaks enough of the wire protocol to be greeted, initiated once, and to have a primary, which is the living member of the lowest number.
'use strict';
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { deserialize, serialize } = require('bson');

if (process.argv.includes('--version')) {
  console.log(`db version v${process.env.STUB_VERSION ?? '7.0.14'}\nBuild Info: {}`);
  process.exit(0);
}
const option = (name) => process.argv[process.argv.indexOf(name) + 1];
const [data, port, set] = [option('--dbpath'), Number(option('--port')), option('--replSet')];
const me = `127.0.0.1:${port}`;
const siblings = () => fs.readdirSync(path.dirname(data)).filter((name) => name.startsWith('member-')).sort();
const kept = (folder, name) => { try { return JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')); } catch { return undefined; } };
const isAlive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
fs.writeFileSync(path.join(data, 'stub.json'), JSON.stringify({ pid: process.pid, me }));

function primary() {
  const living = siblings().map((name) => kept(path.join(path.dirname(data), name), 'stub.json')).find((one) => one && isAlive(one.pid));
  return living?.me;
}
function hello() {
  const config = kept(data, 'config.json');
  const common = { helloOk: true, maxBsonObjectSize: 16777216, maxMessageSizeBytes: 48000000, maxWriteBatchSize: 100000, localTime: new Date(), minWireVersion: 0, maxWireVersion: 21, ok: 1 };
  if (!config) return { ...common, isWritablePrimary: false, secondary: false, isreplicaset: true };
  const isPrimary = primary() === me;
  return { ...common, setName: config._id, setVersion: 1, hosts: config.members.map(({ host }) => host), me, primary: primary(), isWritablePrimary: isPrimary, ismaster: isPrimary, secondary: !isPrimary };
}
function answer(command) {
  const [name] = Object.keys(command);
  if (/^(hello|ismaster)$/i.test(name)) return hello();
  if (name === 'replSetGetStatus') {
    const config = kept(data, 'config.json');
    return config ? { ok: 1, set: config._id } : { ok: 0, code: 94, codeName: 'NotYetInitialized', errmsg: 'no replset config has been received' };
  }
  if (name === 'replSetInitiate') {
    if (command.replSetInitiate._id !== set) return { ok: 0, code: 93, errmsg: 'another name than --replSet' };
    for (const sibling of siblings()) fs.writeFileSync(path.join(path.dirname(data), sibling, 'config.json'), JSON.stringify(command.replSetInitiate));
    fs.appendFileSync(path.join(data, 'initiations'), 'x');
    return { ok: 1 };
  }
  return { ok: 1 };
}

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
function reply(message) {
  const [id, code] = [message.readInt32LE(4), message.readInt32LE(12)];
  const isQuery = code === OP_QUERY;
  const command = deserialize(message.subarray(isQuery ? message.indexOf(0, 20) + 9 : 21));
  const body = serialize(answer(command));
  const head = Buffer.alloc(isQuery ? 36 : 21);
  if (isQuery) head.writeInt32LE(1, 32);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(id, 8);
  head.writeInt32LE(isQuery ? OP_REPLY : OP_MSG, 12);
  return Buffer.concat([head, body]);
}

net.createServer((socket) => {
  let pending = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4 && pending.length >= pending.readInt32LE(0)) {
      const length = pending.readInt32LE(0);
      socket.write(reply(pending.subarray(0, length)));
      pending = pending.subarray(length);
    }
  });
}).listen(port, '127.0.0.1');
