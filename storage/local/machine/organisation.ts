// What the database holds when everything starts: the sample organisation where it is wanted, and the people of the local page.
import { join } from 'node:path';
import { z } from 'zod';
import { type Acting } from '../../access';
import { Administration } from '../../administration/administration';
import { SAMPLE_PEOPLE, seedSample } from '../../administration/sample';
import { connect, type Connection } from '../../connect';
import { createLog } from '../../process/log';
import { StartFault } from './fault';
import { readKept, writeKept } from './kept-file';
import { type ScreenGroup, type ScreenPerson, type ScreenPhone } from './screen';
import { EXIT } from '../../process/exit';

const ACTING: Acting = { kind: 'operator', name: 'npm start' };

/** Who is in the local page's switcher; the page reads it at its start. */
export const peopleFile = (dataDirectory: string): string => join(dataDirectory, 'people.json');

/** The sample agents' passwords, which the database does not hold: made once, and kept for this screen alone. */
const phonesFile = z.array(z.object({ name: z.string(), user: z.string(), password: z.string().nullable() }));

export interface OrganisationOptions {
  readonly uri: string;
  readonly dataDirectory: string;
  readonly pool: string;
  readonly sipDomain: string;
  /** Directory object ids. */
  readonly administrators: readonly string[];
  readonly notice: (words: string) => void;
}

export class Organisation {
  /** Who administers where nobody is named and only this machine may talk to the bot. */
  static readonly ADMINISTRATOR: string = SAMPLE_PEOPLE[0].personId;

  private constructor(private readonly connection: Connection, private readonly administration: Administration, private readonly options: OrganisationOptions) {}

  /** @throws StartFault when the database does not let us in */
  static async open(options: OrganisationOptions): Promise<Organisation> {
    try {
      const connection = await connect(options.uri, { appName: 'response-group-start' });
      const { client, db } = connection;
      const administration = new Administration({ client, db, pool: options.pool, sipDomain: options.sipDomain, log: createLog('start', 'silent') });
      return new Organisation(connection, administration, options);
    } catch (fault) {
      throw new StartFault(`The database answers, but could not be prepared: ${(fault as Error).message}`, EXIT.databaseUnusable, { cause: fault });
    }
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  /**
   * Makes the sample organisation where the database is empty, or an earlier start was cut off while making it, and keeps
   * the passwords of its phones. Resolves with whether it did.
   */
  async seed(): Promise<boolean> {
    const made = await seedSample(this.administration);
    if (made === null) return false;
    writeKept(this.phonesPath, made.map(({ name, sipUser, password }) => ({ name, user: sipUser, password })));
    return true;
  }

  /** The people of the local page: the sample's, the administrators named, and every agent who is a person. */
  async writePeople(): Promise<void> {
    const people = await this.people();
    writeKept(peopleFile(this.options.dataDirectory), people.map(({ personId, name, roles }) => ({ personId, name, role: roles.join(', ').slice(0, 128), locale: 'en-US' })));
  }

  async people(): Promise<ScreenPerson[]> {
    const agents = expect(await this.administration.agents(ACTING));
    const people = new Map<string, { name: string; roles: string[] }>(SAMPLE_PEOPLE.map(({ personId, name }) => [personId, { name, roles: [] }]));
    const roleOf = (personId: string, name: string, role: string): void => {
      const known = people.get(personId);
      if (known) known.roles.push(role);
      else people.set(personId, { name, roles: [role] });
    };
    for (const personId of this.options.administrators) roleOf(personId, 'Administrator', 'administrator');
    for (const { id, displayName } of expect(await this.administration.groups(ACTING))) {
      for (const manager of expect(await this.administration.group(ACTING, id)).managers) roleOf(manager.personId, manager.name, `manager of ${displayName}`);
    }
    for (const { name, sipUser, detail } of agents) {
      if (detail?.personId) roleOf(detail.personId, name, `agent ${sipUser}`);
    }
    return [...people].map(([personId, { name, roles }]) => ({ personId, name, roles }));
  }

  async groups(): Promise<ScreenGroup[]> {
    return expect(await this.administration.groups(ACTING)).map(({ displayName, sipUser, active }) => ({ name: displayName, sipUser, active }));
  }

  /** The sample agents' phones. A password that was lost or reset in chat since is null. */
  phones(): ScreenPhone[] {
    const { value, putAside } = readKept(this.phonesPath, phonesFile);
    if (putAside) this.options.notice(`The file ${this.phonesPath} was damaged and is now ${putAside}. Passwords of phones can be reset in chat with "my phone".`);
    return value ?? [];
  }

  private get phonesPath(): string {
    return join(this.options.dataDirectory, 'sample-phones.json');
  }
}

function expect<T>(answer: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string }): T {
  if (!answer.ok) throw new StartFault(`The database could not be read: ${answer.message}`, EXIT.databaseUnusable);
  return answer.value;
}
