// The two icons of the app, drawn here: a speech bubble in which callers wait in line, as dots.
import { crc32, deflateSync } from 'node:zlib';

type Color = readonly [red: number, green: number, blue: number];
/** How much of a point, 0 to 1, belongs to a shape; coordinates run from 0 to 1 over the icon. */
type Shape = (x: number, y: number) => boolean;

export const ACCENT: Color = [0x5b, 0x5f, 0xc7];
const WHITE: Color = [255, 255, 255];
const SAMPLES = 4;

const rounded = (left: number, top: number, right: number, bottom: number, radius: number): Shape => (x, y) => {
  const dx = Math.max(left + radius - x, 0, x - (right - radius));
  const dy = Math.max(top + radius - y, 0, y - (bottom - radius));
  return x >= left && x <= right && y >= top && y <= bottom && Math.hypot(dx, dy) <= radius;
};
const disc = (atX: number, atY: number, radius: number): Shape => (x, y) => Math.hypot(x - atX, y - atY) <= radius;
const tail: Shape = (x, y) => y >= 0.68 && y <= 0.84 && x >= 0.34 && x <= 0.34 + (0.84 - y);
const bubble: Shape = (x, y) => rounded(0.16, 0.22, 0.84, 0.7, 0.1)(x, y) || tail(x, y);
/** The first in line is the largest. */
const line: Shape = (x, y) => disc(0.34, 0.46, 0.085)(x, y) || disc(0.53, 0.46, 0.065)(x, y) || disc(0.69, 0.46, 0.05)(x, y);

/** Full bleed, as Teams rounds the corners itself. */
export const colorIcon = (): Buffer => draw(192, (share) => {
  const inBubble = share(bubble);
  const inLine = share(line);
  return [...mix(mix(ACCENT, WHITE, inBubble), ACCENT, inLine), 255];
});

/** White on nothing: Teams shows it on any background, and takes no other colour. */
export const outlineIcon = (): Buffer => draw(32, (share) => [...WHITE, Math.round(255 * share((x, y) => bubble(x, y) && !line(x, y)))]);

const mix = (one: Color, other: Color, share: number): Color => [0, 1, 2].map((i) => Math.round((one[i] ?? 0) * (1 - share) + (other[i] ?? 0) * share)) as unknown as Color;

/** Each point is looked at several times over, so that edges are smooth. */
function draw(size: number, paint: (share: (shape: Shape) => number) => readonly number[]): Buffer {
  const rows = Buffer.alloc(size * (size * 4 + 1));
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const share = (shape: Shape): number => {
        let inside = 0;
        for (let i = 0; i < SAMPLES * SAMPLES; i++) if (shape((column + (i % SAMPLES + 0.5) / SAMPLES) / size, (row + (Math.floor(i / SAMPLES) + 0.5) / SAMPLES) / size)) inside++;
        return inside / (SAMPLES * SAMPLES);
      };
      rows.set(paint(share), row * (size * 4 + 1) + 1 + column * 4);
    }
  }
  return png(size, rows);
}

/** PNG (RFC 2083): eight bits each of red, green, blue and opacity, rows unfiltered, and not packed, so that every version of zlib writes the same bytes. */
function png(size: number, rows: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', header), chunk('IDAT', deflateSync(rows, { level: 0 })), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(data.length, 0);
  around.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([around.subarray(0, 4), named, around.subarray(4)]);
}
