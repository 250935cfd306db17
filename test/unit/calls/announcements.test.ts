// Announcements by the vectors in test/fixtures/announcements.yml, and that no language with a voice was forgotten.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { announcement, confirmation } from '../../../engine/calls/announcements';
import { LANGUAGES, LANGUAGE_NAMES } from '../../../storage/model/languages';

const row = z.tuple([z.string(), z.int().nullable(), z.int().nullable(), z.string().nullable()]);
const { announcements } = z.object({ announcements: z.array(row).min(1) }).parse(parse(readFileSync(join(__dirname, '../../fixtures/announcements.yml'), 'utf8')));

test.each(announcements)('%s, place %p, %p seconds: %p', (language, position, waitSeconds, said) => {
  expect(announcement(language, { position, waitSeconds })).toBe(said);
});

test.each(LANGUAGE_NAMES)('%s: sentences exactly where the local voice speaks it', (language) => {
  const said = announcement(language, { position: 7, waitSeconds: 300 });
  expect(said !== null).toBe(LANGUAGES[language] !== null);
  if (said !== null) expect(said).toMatch(/\b7\b.*\b5\b/);
  const asked = confirmation(language, 'Help Desk');
  expect(asked).toEqual({ text: expect.stringMatching(/Help Desk.*1/), language: LANGUAGES[language] === null ? 'en-US' : language });
  expect(confirmation(language, '').text).toMatch(/1/);
});
