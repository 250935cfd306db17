// Making a group step by step: each step is kept as it is sent, wherever its maker goes on, and nothing is there before all of it is made.
import { render } from '../../cards/render';
import { type Button, type Note, type OverviewView } from '../../cards/views';
import { type Fault } from '../../storage/administration/results';
import { WEEKDAYS } from '../../storage/model/schedule';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { inputId, joined } from '../forms/field';
import { addStep, isRepeated, KEPT_MOST, kindOf, mayAdd, mayRemove, NEW_GUIDE, readGuideState, removeStep, stepsOf, writeGuide, type GuideState } from '../forms/guide-state';
import { buildInput, countingFields, fieldsOf, firstWrong, guiding, nameIn, readStep, sentIn, shownIn, stepOfFault, valuesOf, type Guiding } from '../forms/guide-steps';
import { formRows, labelOf, labelsFor, placeInputFaults, typedWords } from '../forms/object-form';
import { button, faultText, note, NO_NOTE, offered, refusalNote, submitButton } from '../views/common';
import { notice, refused } from '../views/notice';
import { FormStays } from './form-stays';
import { showGroup } from './groups';
import { hearWords } from './hearing';

type GuideHandlers = Pick<Handlers, 'guide' | 'guide.go' | 'guide.show' | 'guide.hear' | 'guide.create' | 'guide.drop' | 'guide.dropNow'>;

/** One that is begun, by the id of its one making. */
interface Begun { readonly id: string; readonly guide: GuideState }
type Found = ({ readonly ok: true } & Begun) | { readonly ok: false; readonly shown: Shown };

/** Told beside the inputs of a step. */
interface Told { readonly told?: Note; readonly faults?: readonly Fault[]; readonly heard?: { readonly input: string; readonly url: string } }

/** As much of one value as stands on the last card. */
const LINE_MOST = 160;

export const guideHandlers: GuideHandlers = {
  async guide(services, asking) {
    if (!asking.acting.administrator) return refused(asking, { code: 'notFound', message: '' });
    const fresh = services.newId();
    const kept = await heldBack(asking, services.guides.begin(asking.acting.personId, { id: fresh, state: writeGuide(NEW_GUIDE) }));
    const guide = readGuideState(kept.state);
    if (kept.id === fresh || Object.keys(guide.typed).length === 0) return showStep(services, asking, { id: kept.id, guide });
    const { say } = asking;
    const name = nameIn(guide, 'start') || guide.typed['start']?.['displayName']?.[''] || say.plain('guide.unnamed');
    return notice(asking, 'accent', say('guide.begun', { name }), say('guide.begunBody'), [
      button(say, 'guideGoOn', 'guide.show', { guide: kept.id, at: guide.at }, 'positive'), button(say, 'guideDrop', 'guide.drop', { guide: kept.id }),
    ]);
  },

  async 'guide.go'(services, asking, sent) {
    const found = await find(services, asking, sent.guide);
    if (!found.ok) return found.shown;
    const { id, guide: before } = found;
    // A step that is no more, as on a card from before it was taken out, has nothing to say.
    if (!stepsOf(before).includes(sent.at)) return showStep(services, asking, found);
    const kind = kindOf(sent.at);
    const typed = sentIn(await guiding(services, asking, before), sent.at, sent);
    const guide: GuideState = { ...before, at: sent.at, typed: kind === 'summary' ? before.typed : { ...before.typed, [sent.at]: typed } };
    const at = await guiding(services, asking, guide);
    const steps = stepsOf(guide);
    const beside = (by: number): GuideState => ({ ...guide, at: steps[steps.indexOf(sent.at) + by] ?? sent.at });
    const told = (words: string): Note => note(asking.say(words), 'attention');
    if (writeGuide(guide).length > KEPT_MOST) return draw(asking, { id, guide }, at, { told: told('guide.tooMuch') });
    const { faults } = readStep(asking, at, sent.at, false);
    const goes = sent.go === 'next' || sent.go === 'add';
    const next = goes && faults.length > 0 ? guide
      : sent.go === 'add' && isRepeated(kind) && mayAdd(guide, kind) ? addStep(guide, sent.at, kind)
        : sent.go === 'remove' && isRepeated(kind) && mayRemove(guide, kind) ? removeStep(guide, sent.at, kind)
          : beside(sent.go === 'back' ? -1 : 1);
    if (!await keep(services, asking, id, next)) return over(asking);
    if (next === guide) return draw(asking, { id, guide }, at, { faults, told: told('guide.look') });
    return showStep(services, asking, { id, guide: next });
  },

  async 'guide.show'(services, asking, { guide: id, at }) {
    const found = await find(services, asking, id);
    if (!found.ok) return found.shown;
    const guide = stepsOf(found.guide).includes(at) ? { ...found.guide, at } : found.guide;
    return await keep(services, asking, id, guide) ? showStep(services, asking, { id, guide }) : over(asking);
  },

  async 'guide.hear'(services, asking, sent) {
    const found = await find(services, asking, sent.guide);
    if (!found.ok) return found.shown;
    if (!stepsOf(found.guide).includes(sent.at)) return showStep(services, asking, found);
    const typed = sentIn(await guiding(services, asking, found.guide), sent.at, sent);
    const guide: GuideState = { ...found.guide, at: sent.at, typed: { ...found.guide.typed, [sent.at]: typed } };
    if (writeGuide(guide).length <= KEPT_MOST && !await keep(services, asking, found.id, guide)) return over(asking);
    const at = await guiding(services, asking, guide);
    const place = fieldsOf(at, sent.at).flatMap((field) => field.inputs.filter((input) => inputId(field, input) === sent.input).map((input) => typed[field.name]?.[input.suffix] ?? ''))[0] ?? '';
    const heard = await hearWords(services, asking, place, shownIn(at, 'welcome')['language']?.[''] ?? '');
    return draw(asking, { id: found.id, guide }, at, heard.ok ? { heard: { input: sent.input, url: heard.url } } : { told: note(asking.say(heard.key), heard.tone) });
  },

  async 'guide.create'(services, asking, { guide: id, active }) {
    const found = await find(services, asking, id);
    if (!found.ok) return found.shown;
    const at = await guiding(services, asking, found.guide);
    const wrong = firstWrong(asking, at);
    const toStep = (step: string, told: Told): Shown => draw(asking, { id, guide: { ...found.guide, at: step } }, at, told);
    if (wrong) return toStep(wrong.step, { faults: wrong.faults, told: note(asking.say('guide.look'), 'attention') });
    const made = await services.administration.perform(asking.acting, 'workflow.build', buildInput(asking, at, active), { requestId: id });
    if (!made.ok && made.code === 'unavailable') throw new FormStays(asking.say('error.unavailableForm'));
    if (made.ok || made.code === 'alreadyDone') {
      // What is left behind in a moment of trouble is found to be done when its maker looks again.
      await services.guides.forget(asking.acting.personId, id).catch(() => undefined);
      return made.ok ? showGroup(services, asking, made.value.id, note(asking.say(active ? 'guide.made' : 'guide.madeIdle'), 'good')) : showGroup(services, asking, made.earlier.value.id, note(asking.say('error.alreadyDone'), 'accent'));
    }
    const placed = made.faults.map((fault) => ({ fault, place: stepOfFault(at, fault) }));
    const [first] = placed.flatMap(({ place }) => (place ? [place.step] : []));
    const here = placed.flatMap(({ place }) => (place && place.step === first ? [place.fault] : []));
    const rest = placed.flatMap(({ fault, place }) => (place ? [] : [faultText(asking.say, fault)]));
    return toStep(first ?? 'summary', { faults: here, told: refusalNote(asking.say, made, rest) });
  },

  async 'guide.drop'(services, asking, { guide: id }) {
    const found = await find(services, asking, id);
    if (!found.ok) return found.shown;
    const { say } = asking;
    return notice(asking, 'warning', say('guide.dropTitle'), say('guide.dropBody'), [button(say, 'guideDropNow', 'guide.dropNow', { guide: id }, 'destructive'), button(say, 'keep', 'guide.show', { guide: id, at: found.guide.at })]);
  },

  async 'guide.dropNow'(services, asking, { guide: id }) {
    if (!asking.acting.administrator) return refused(asking, { code: 'notFound', message: '' });
    await heldBack(asking, services.guides.forget(asking.acting.personId, id));
    const { say } = asking;
    return notice(asking, 'default', say('guide.dropped'), '', [button(say, 'guide', 'guide'), button(say, 'groups', 'groups')]);
  },
};

/** Without a database the card stays as it is, with everything typed in it. */
async function heldBack<T>(asking: Asking, promise: Promise<T>): Promise<T> {
  return promise.catch((): never => { throw new FormStays(asking.say('error.unavailableForm')); });
}

/** One’s own alone: whatever id a card sends, only what its reader has begun is looked at. */
async function find(services: Services, asking: Asking, id: string): Promise<Found> {
  if (!asking.acting.administrator) return { ok: false, shown: refused(asking, { code: 'notFound', message: '' }) };
  const kept = await heldBack(asking, services.guides.read(asking.acting.personId));
  return kept?.id === id ? { ok: true, id, guide: readGuideState(kept.state) } : { ok: false, shown: over(asking) };
}

const keep = (services: Services, asking: Asking, id: string, guide: GuideState): Promise<boolean> => heldBack(asking, services.guides.keep(asking.acting.personId, { id, state: writeGuide(guide) }));

/** It was made or thrown away since. */
const over = ({ say, ...asking }: Asking): Shown => notice({ say, ...asking }, 'accent', say('guide.over'), say('guide.overBody'), [button(say, 'guide', 'guide'), button(say, 'groups', 'groups')]);

async function showStep(services: Services, asking: Asking, begun: Begun): Promise<Shown> {
  return draw(asking, begun, await guiding(services, asking, begun.guide), {});
}

function draw(asking: Asking, { id, guide }: Begun, at: Guiding, { told, faults = [], heard }: Told): Shown {
  const step = guide.at;
  if (kindOf(step) === 'summary') return summary(asking, { id, guide }, at, told);
  const { say } = asking;
  const data = { guide: id, at: step };
  const kind = kindOf(step);
  const fields = fieldsOf(at, step);
  const { rest } = placeInputFaults(say, fields, faults);
  const go = (text: string, way: string, style: Button['style'] = 'default'): Button => submitButton(say, text, 'guide.go', { ...data, go: way }, style);
  const card = render('object-form', {
    titleText: title(asking, guide, step), introText: say(`guide.intro.${kind}`),
    note: told === undefined ? NO_NOTE : rest.length === 0 ? told : { ...told, text: [told.text, ...rest].join(' ') },
    changes: [],
    rows: formRows(say, { fields, values: valuesOf(at, step), faults, ...(heard ? { heard } : {}), hear: (input) => submitButton(say, 'hear', 'guide.hear', { ...data, input }) }, shownIn(at, step)),
    actions: offered(
      go('next', 'next', 'positive'), step !== 'start' && go('guideBack', 'back'),
      isRepeated(kind) && mayAdd(guide, kind) && go(kind === 'queue' ? 'guideQueue' : 'guideQuestion', 'add'), isRepeated(kind) && mayRemove(guide, kind) && go('remove', 'remove'),
      button(say, 'guideDrop', 'guide.drop', { guide: id }),
    ),
  }, asking.locale);
  return { card };
}

function title({ say }: Asking, guide: GuideState, step: string): string {
  const steps = stepsOf(guide);
  const name = nameIn(guide, step);
  const kind = kindOf(step);
  const what = isRepeated(kind) && name !== '' ? say(`guide.named.${kind}`, { name }) : say(`guide.step.${kind}`);
  return say('guide.title', { at: steps.indexOf(step) + 1, of: steps.length, what });
}

/** Everything typed, on one card: a look before it is made. */
function summary(asking: Asking, { id, guide }: Begun, at: Guiding, told: Note = NO_NOTE): Shown {
  const { say } = asking;
  const rows = stepsOf(guide).filter((step) => step !== 'summary').map((step): OverviewView['sections'][number]['rows'][number] => {
    const { faults } = readStep(asking, at, step, true);
    const labels = labelsFor(fieldsOf(at, step));
    const kind = kindOf(step);
    const name = nameIn(guide, step);
    const lines = linesOf(asking, at, step);
    return {
      nameText: isRepeated(kind) && name !== '' ? say(`guide.named.${kind}`, { name }) : say(`guide.step.${kind}`), indent: '1px',
      lines: [...faults.map((fault) => `⚠ ${faultText(say, fault, labels)}`), ...(lines.length === 0 && kind === 'holidays' ? [say('flow.noHolidays')] : lines)].map((text) => ({ text })),
      actions: [button(say, 'edit', 'guide.show', { guide: id, at: step })],
    };
  });
  const view: OverviewView = {
    titleText: title(asking, guide, 'summary'), introduced: true, introText: say('guide.intro.summary'), note: told, warnings: [],
    sections: [{ titled: false, titleText: '', rows, actions: [] }],
    actions: [
      button(say, 'guideCreate', 'guide.create', { guide: id, active: true }, 'positive'), button(say, 'guideCreateIdle', 'guide.create', { guide: id, active: false }),
      button(say, 'guideBack', 'guide.go', { guide: id, at: 'summary', go: 'back' }), button(say, 'guideDrop', 'guide.drop', { guide: id }),
    ],
  };
  return { card: render('overview', view, asking.locale) };
}

/** Told also where they are as they were. */
const ALWAYS_TOLD: ReadonlySet<string> = new Set(['meets', ...WEEKDAYS, 'closedAction', 'language', 'timeZone', 'routingMethod']);

/** What was typed in a step; what nobody touched is left out where it says little. */
function linesOf({ say }: Asking, at: Guiding, step: string): readonly string[] {
  const typed = shownIn(at, step);
  const before = valuesOf(at, step);
  const isOpenAlways = typed['open']?.[''] === 'always';
  return countingFields(at, step).flatMap((field) => {
    const inputs = typed[field.name] ?? {};
    const words = typedWords(say, field, inputs).replace(/\s+/g, ' ').trim();
    const [input] = field.inputs;
    const told = ALWAYS_TOLD.has(field.name) && !isOpenAlways || field.name === 'open' || joined(field, inputs) !== joined(field, field.show(before[field.name]));
    // What a queue or a question is called stands above.
    if (words === '' || input === undefined || !told || field.name === 'name') return [];
    return [say('guide.line', { label: labelOf(say, field, input), value: words.length > LINE_MOST ? `${words.slice(0, LINE_MOST - 1)}…` : words })];
  });
}
