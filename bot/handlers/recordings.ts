// A WAV file that somebody sent to the chat: looked at, listened to, and put in place.
import { render } from '../../cards/render';
import { type Note } from '../../cards/views';
import { type AudioFile } from '../../storage/model/prompt';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { placeRecording, placesIn } from '../forms/recordings';
import { button, duration, escapedSentence, faultText, NO_NOTE, note, submitButton } from '../views/common';
import { notice, refused } from '../views/notice';
import { showFlow } from './flow';

type RecordingHandlers = Pick<Handlers, 'recording.group' | 'recording.place' | 'recording.default'>;
const GROUPS_OFFERED = 100;
/** What storage looks at in a file. */
const FILE_LABELS = Object.fromEntries(['fileName', 'size', 'kind', 'format', 'rate', 'channels', 'duration', 'data'].map((field) => [field, `recording.field.${field}`]));

export const recordingHandlers: RecordingHandlers = {
  async 'recording.group'(services, asking, { groupId, ...audio }) {
    return choosePlace(services, asking, audio, groupId);
  },

  async 'recording.place'(services, asking, { groupId, place, requestId, ...audio }) {
    const { say } = asking;
    const view = await services.administration.workflow(asking.acting, groupId);
    if (!view.ok) return refused(asking, view);
    const placed = placeRecording(view.value, place, audio);
    if (!placed) return choosePlace(services, asking, audio, groupId, note(say('recording.choosePlace'), 'warning'));
    const { verb, ...input } = placed;
    const done = await services.administration.perform(asking.acting, verb, input, { requestId });
    if (done.ok) return showFlow(services, asking, groupId, note(say('recording.placed', { name: audio.fileName }), 'good'));
    if (done.code === 'alreadyDone') return showFlow(services, asking, groupId, note(say('error.alreadyDone'), 'accent'));
    if (done.code === 'stale' || done.code === 'unavailable') return choosePlace(services, asking, audio, groupId, note(say(done.code === 'stale' ? 'recording.stale' : 'error.unavailableForm'), 'warning'));
    return refused(asking, done);
  },

  async 'recording.default'(services, asking, { requestId, ...audio }) {
    const { say } = asking;
    const settings = await services.administration.settings(asking.acting);
    if (!settings.ok) return refused(asking, settings);
    const done = await services.administration.perform(asking.acting, 'settings.change', { version: settings.value.version, changes: { defaultMusic: audio } }, { requestId });
    if (done.ok || done.code === 'alreadyDone') return notice(asking, 'good', say('recording.placed', { name: audio.fileName }), say('recording.defaultBody'), [button(say, 'groups', 'groups')]);
    return refused(asking, done);
  },
};

/** A file that came with a message. */
export async function receiveFile(services: Services, asking: Asking, name: string, address: string): Promise<Shown> {
  const { say } = asking;
  const home = [button(say, 'groups', 'groups')];
  const refusedFile = (reasons: readonly string[]): Shown => notice(asking, 'warning', say('recording.refused', { name }), say('recording.wanted'), home, reasons);
  // Whoever may keep no recording is told so before anything is fetched for them.
  const who = await services.administration.whoAmI(asking.acting);
  if (!who.ok) return refused(asking, who);
  if (!who.value.administrator && who.value.manages.length === 0) return notice(asking, 'warning', say('error.title'), say('recording.notYours'), home);
  const fetched = await services.fetchFile(address);
  if (!fetched.ok) return refusedFile([say(`recording.because.${fetched.because}`)]);
  const kept = await services.administration.keepAudio(asking.acting, name.slice(0, 128), fetched.bytes);
  if (!kept.ok && kept.code === 'invalid') return refusedFile(kept.faults.length === 0 ? [escapedSentence(say, kept.message)] : kept.faults.map((fault) => faultText(say, fault.value === 'unknown' ? { ...fault, value: null } : fault, FILE_LABELS)));
  if (!kept.ok) return refused(asking, { code: kept.code === 'unavailable' ? 'unavailable' : 'notAllowed', message: '' });
  return chooseGroup(services, asking, kept.value);
}

const dataOf = ({ audioId, fileName, durationMs }: AudioFile): AudioFile => ({ audioId, fileName, durationMs });

async function chooseGroup(services: Services, asking: Asking, audio: AudioFile): Promise<Shown> {
  const { say } = asking;
  const groups = await services.administration.groups(asking.acting, { first: GROUPS_OFFERED });
  if (!groups.ok) return refused(asking, groups);
  const theirs = groups.value.filter((one) => one.rights.change);
  const [only, ...others] = theirs;
  if (only && others.length === 0 && !asking.acting.administrator) return choosePlace(services, asking, audio, only.id);
  return card(services, asking, audio, {
    id: 'groupId', labelText: say('recording.whichGroup'), value: only?.id ?? '', choices: theirs.slice(0, GROUPS_OFFERED).map((one) => ({ value: one.id, title: one.displayName })),
    actions: [
      submitButton(say, 'next', 'recording.group', dataOf(audio), 'positive'),
      ...(asking.acting.administrator ? [button(say, 'defaultMusic', 'recording.default', { ...dataOf(audio), requestId: services.newId() })] : []),
    ],
  });
}

async function choosePlace(services: Services, asking: Asking, audio: AudioFile, groupId: string, told: Note = NO_NOTE): Promise<Shown> {
  const { say } = asking;
  const view = await services.administration.workflow(asking.acting, groupId);
  if (!view.ok) return refused(asking, view);
  const places = placesIn(view.value).map(({ id, key, name }) => ({ value: id, title: name === '' ? say(`recording.place.${key}`) : say('recording.placeOf', { place: say(`recording.place.${key}`), name }) }));
  return card(services, asking, audio, {
    id: 'place', labelText: say('recording.where', { group: view.value.workflow.displayName }), value: places[0]?.value ?? '', choices: places,
    actions: [submitButton(say, 'putInPlace', 'recording.place', { ...dataOf(audio), groupId, requestId: services.newId() }, 'positive'), button(say, 'flow', 'flow', { groupId })],
  }, told);
}

interface Asked { readonly id: string; readonly labelText: string; readonly value: string; readonly choices: readonly { readonly title: string; readonly value: string }[]; readonly actions: readonly ReturnType<typeof button>[] }

function card(services: Services, asking: Asking, audio: AudioFile, asked: Asked, told: Note = NO_NOTE): Shown {
  const { say } = asking;
  return {
    card: render('recording', { note: told, fileName: audio.fileName, timeText: say('recording.time', { time: duration(0, audio.durationMs) }), url: services.audioUrl(audio.audioId), ...asked, choosable: asked.choices.length > 0 }, asking.locale),
  };
}
