// The least that can stand between caller and agent with drachtio-srf: no queue, no media server, no journal. The yardstick for what a call costs.
// Run by yardstick.ts: node bare-b2bua.js <port of the edge> <secret> <URI that is rung>. Says `connected` once it serves.
import Srf from 'drachtio-srf';

const [port, secret, target] = process.argv.slice(2);
if (port === undefined || secret === undefined || target === undefined) throw new Error('Three arguments: port, secret, target.');

const srf = new Srf();
srf.invite((req, res) => {
  srf.createB2BUA(req, res, target, {}).then(({ uas, uac }) => {
    uas.on('destroy', () => { void uac.destroy(); });
    uac.on('destroy', () => { void uas.destroy(); });
  }, (fault: unknown) => { process.stderr.write(`a call failed: ${String(fault)}\n`); });
});
srf.on('connect', () => { process.stdout.write('connected\n'); });
void srf.connect({ host: '127.0.0.1', port: Number(port), secret });
