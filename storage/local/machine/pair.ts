// Two pools that are partners on one machine: what each is called, and the environment of each, made from the one that was given. Pure.

/** The first has the ports that a lone pool has, and the people's way in. */
export const PAIR = ['east', 'west'] as const;
export type PairedPool = (typeof PAIR)[number];
export const partnerOf = (pool: PairedPool): PairedPool => (pool === 'east' ? 'west' : 'east');

/** What may be set for *west* alone begins with this. */
const OF_WEST = 'WEST_';
/** Ports of *west* are so much higher than those of *east*. */
const HIGHER = 100;

/** With what each has where nothing is set. */
export interface PairDefaults {
  /** Every port but those of RTP, by the variable that moves it. */
  readonly ports: Readonly<Record<string, number>>;
  readonly rtp: { readonly min: number; readonly max: number };
}

/** What cannot be for a pair; each is told. */
export function pairFaults(env: NodeJS.ProcessEnv): readonly string[] {
  return [
    ...(env['MONGODB_URI'] ? ['MONGODB_URI (set): --pair starts a database for each of its two pools, so leave it out.'] : []),
    ...(env['POOL'] ? [`POOL (${JSON.stringify(env['POOL'])}): --pair runs the pools ${PAIR.join(' and ')}, so leave it out.`] : []),
  ];
}

/**
 * Of *west* each port is that of *east* and 100, or what `WEST_` and its variable say; RTP ports are halved between them. A number that is none is handed
 * on as it is, so that whoever reads it says so.
 */
export function environmentOf(pool: PairedPool, env: NodeJS.ProcessEnv, { ports, rtp }: PairDefaults): NodeJS.ProcessEnv {
  const isWest = pool === 'west';
  const made: NodeJS.ProcessEnv = { ...env, POOL: pool, PARTNER_POOL: partnerOf(pool) };
  for (const [name, fallback] of Object.entries(ports)) made[name] = isWest ? portOfWest(env, name, fallback) : env[name] || String(fallback);
  const sip = env['SIP_EXTERNAL_ADDRESS'] || env['SIP_ADDRESS'] || '127.0.0.1';
  const sipPort = ports['SIP_PORT'] ?? 5060;
  made['PARTNER_SIP'] = `${sip}:${isWest ? env['SIP_PORT'] || sipPort : portOfWest(env, 'SIP_PORT', sipPort)}`;
  const [min, max] = [Number(env['RTP_PORT_MIN'] || rtp.min), Number(env['RTP_PORT_MAX'] || rtp.max)];
  if (Number.isInteger(min) && Number.isInteger(max) && max > min) {
    // Even ports begin a pair of RTP and RTCP (RFC 3550, section 11).
    const middle = min + 2 * Math.ceil((max - min + 1) / 4);
    made['RTP_PORT_MIN'] = String(isWest ? middle : min);
    made['RTP_PORT_MAX'] = String(isWest ? max : middle - 1);
  }
  return made;
}

function portOfWest(env: NodeJS.ProcessEnv, name: string, fallback: number): string {
  const own = env[`${OF_WEST}${name}`];
  if (own) return own;
  const ofEast = env[name] || String(fallback);
  return /^\d+$/.test(ofEast) ? String(Number(ofEast) + HIGHER) : ofEast;
}

/** By which name a variable of that pool is set. */
export const variableOf = (pool: PairedPool, name: string): string => (pool === 'west' ? `${OF_WEST}${name}` : name);
