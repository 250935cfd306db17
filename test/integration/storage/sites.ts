// Two sites for tests: each with a database of its own, a mirror of the other, and what an engine there follows.
import { setTimeout as pauseFor } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Administration } from '../../../storage/administration/administration';
import { readConfiguration } from '../../../storage/changes';
import { main } from '../../../storage/cli';
import { DatabaseReceiver } from '../../../storage/mirror/database-receiver';
import { DatabaseSource } from '../../../storage/mirror/database-source';
import { follow } from '../../../storage/mirror/follow';
import { openServedFeed } from '../../../storage/mirror/served-feed';
import { adopt, readServings } from '../../../storage/mirror/serving';
import { collectionOf } from '../../../storage/schema';
import { openStorage, silent, SIP_DOMAIN, type Storage } from './support';

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!await isSo()) await pauseFor(20);
}

export const administrationOf = (pool: string, { connection }: Storage): Administration => new Administration({ ...connection, pool, sipDomain: SIP_DOMAIN, log: silent });
export const objectsOf = async ({ connection: { client, db } }: Storage, pool: string) => (await readConfiguration(client, db, pool)).objects;

export class Sites {
  private constructor(readonly east: Storage, readonly west: Storage) {}

  static async open(): Promise<Sites> {
    const [east, west] = await Promise.all([openStorage(), openStorage()]);
    return new Sites(east, west);
  }

  async close(): Promise<void> {
    await Promise.all([this.east.close(), this.west.close()]);
  }

  /** The administration of east at home. */
  get home(): Administration { return administrationOf('east', this.east); }

  /** The mirror process of each site, and what an engine of it follows. */
  async run(): Promise<void> {
    await Promise.all([this.runOne(this.west, 'west', this.east, 'east'), this.runOne(this.east, 'east', this.west, 'west')]);
  }

  /** The command line at a site; `typed` is what a person answers. */
  async command(site: 'east' | 'west', typed: string | null, ...argv: string[]) {
    const [out, err]: [string[], string[]] = [[], []];
    const [own, other] = site === 'east' ? [this.east, this.west] : [this.west, this.east];
    const env = { MONGODB_URI: own.database.uri, POOL: site, SIP_DOMAIN, PARTNER_POOL: site === 'east' ? 'west' : 'east', PARTNER_MONGODB_URI: other.database.uri };
    const code = await main(argv, env, { out: (words) => { out.push(words); }, err: (words) => { err.push(words); }, input: () => Promise.resolve(''), ask: () => Promise.resolve(typed) });
    return { code, out: out.join('\n'), err: err.join('\n') };
  }

  /** All of east has come to west. */
  async mirrored(): Promise<void> {
    await until(async () => isDeepStrictEqual(await objectsOf(this.west, 'east'), await objectsOf(this.east, 'east')));
  }

  /** East goes by itself, as where the line was cut before it heard of a failover; what it hears now is nothing new to it. */
  async eastAlone(): Promise<void> {
    const { db } = this.east.connection;
    await until(async () => (await readServings(db)).some(({ _id, servedBy }) => _id === 'east' && servedBy === 'west'));
    await collectionOf(db, 'serving').updateOne({ _id: 'east' }, { $set: { servedBy: 'east' } });
  }

  private async runOne(site: Storage, pool: string, other: Storage, partner: string): Promise<void> {
    const [here, there] = [site.connection, other.connection];
    site.closing(follow({ source: new DatabaseSource({ ...there, log: silent }, partner), receiver: new DatabaseReceiver(here, partner), agree: async () => { await adopt(here, await readServings(there.db)); }, log: silent }));
    site.closing(await openServedFeed({ ...here, log: silent }, pool, () => undefined));
  }
}
