// Stands in for an engine as a process of its own, so that a test may stop it: answers every call and every INFO, and says what it sees.
'use strict';
const net = require('node:net');
const Srf = require('drachtio-srf');

const { ENGINE_PORT, ENGINE_CONTROL_PORT, ENGINE_SECRET, ENGINE_EPOCH, ENGINE_SDP } = process.env;
const say = (words) => process.stdout.write(`${words}\n`);

const control = net.connect(Number(ENGINE_CONTROL_PORT), '127.0.0.1', () => control.write(`${JSON.stringify({ secret: ENGINE_SECRET, engine: `stoppable:${process.pid}`, epoch: Number(ENGINE_EPOCH) })}\n`));
control.on('error', () => undefined);
let pending = '';
control.on('data', (data) => {
  const lines = (pending + data).split('\n');
  pending = lines.pop();
  for (const line of lines) {
    const { ping } = JSON.parse(line);
    if (ping !== undefined) control.write(`${JSON.stringify({ pong: ping })}\n`);
  }
});

const srf = new Srf([`epoch:${ENGINE_EPOCH}`]);
srf.invite((req, res) => { srf.createUAS(req, res, { localSdp: JSON.parse(ENGINE_SDP) }).then(() => say('answered'), () => say('not answered')); });
srf.info((_req, res) => {
  say('info');
  res.send(488);
});
srf.on('error', () => undefined);
srf.on('connect', (fault) => { if (!fault) say('connected'); });
srf.on('close', () => {
  say('closed');
  process.exit(0);
});
srf.connect({ host: '127.0.0.1', port: Number(ENGINE_PORT), secret: ENGINE_SECRET, reconnect: { maxAttempts: 1 } });
