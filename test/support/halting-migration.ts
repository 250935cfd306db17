// A process that migrates a database and halts in the middle of a step, to be killed there.
import { MongoClient } from 'mongodb';
import { migrate } from '../../storage/migrations/migrate';

void (async () => {
  const [uri = '', database = ''] = process.argv.slice(2);
  const client = new MongoClient(uri);
  await migrate(client.db(database), {
    by: 'first', version: '1.0.0', leaseMs: 1_000,
    steps: [{
      number: 1, name: 'halts', readableFrom: 0,
      run: async (db) => {
        await db.collection('things').updateOne({ colour: { $exists: false } }, { $set: { colour: 'red' } });
        process.stdout.write('in the middle\n');
        await new Promise(() => undefined);
      },
    }],
  });
})();
