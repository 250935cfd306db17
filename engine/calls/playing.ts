// What caller and agent hear of us: prompts, announcements, music and ringback for the caller, and music for whoever is held.
import { type CallId, type CoreEvent, type Sound } from '../core/types';
import { type AudioFile } from '../../storage/model/prompt';
import { announcement, callBackWords } from './announcements';
import { MediaFault, type MediaPort, type MediaSide, type SoundPort, type Timers } from './ports';
import { MEDIA_MS, type PlayEffect, type Room, type Rooms } from './rooms';
import { within } from './serial';

/** What a call sounds like: its workflow's language and music. */
export interface Tune { readonly language: string; readonly music: AudioFile | null }

export interface PlayingDeps {
  readonly rooms: Rooms;
  readonly media: Pick<MediaPort, 'play' | 'stop'>;
  readonly sounds: SoundPort;
  readonly timers: Timers;
  post(event: CoreEvent): void;
  tuneOf(callId: CallId): Tune;
}

const SIDES = ['caller', 'agent'] as const satisfies readonly MediaSide[];

export class Playing {
  constructor(private readonly deps: PlayingDeps) {}

  /** Plays to the caller, in place of what plays now. `playStarted` or `playFailed` is posted, once. */
  play(effect: PlayEffect): void {
    const { rooms } = this.deps;
    const { callId, playId } = effect;
    const room = rooms.call(callId);
    if (room === undefined) return;
    room.latestPlayId = playId;
    // Asked for once more by an engine that took the call over, and heard all the while.
    if (room.sounding && room.background?.playId === playId) return;
    room.background = effect.repeat ? effect : null;
    room.sounding = false;
    const failed = (fault: unknown): void => {
      rooms.mediaFailed(callId, fault, 'a sound could not be played');
      this.deps.post({ type: 'playFailed', callId, playId });
    };
    // Awaited outside the line: a sound that is still being made holds up nothing, least of all the joining of caller and agent.
    this.made(effect.sound).then((file) => {
      rooms.inLine(callId, async () => {
        if (room.gone || room.latestPlayId !== playId) {
          this.deps.post({ type: 'playFailed', callId, playId });
          return;
        }
        try {
          const { durationMs } = await rooms.command('play', this.deps.media.play(callId, file, effect.repeat));
          room.heldMusic.delete('caller');
          room.sounding = effect.repeat;
          this.deps.post({ type: 'playStarted', callId, playId, durationMs: effect.repeat ? null : durationMs });
        } catch (fault) {
          failed(fault);
        }
      });
    }, failed);
  }

  /** A sound still being made comes too late for a caller who is joined to an agent. */
  nothingMore(room: Room): void {
    room.latestPlayId = null;
    room.background = null;
    room.sounding = false;
  }

  /** Inside the call's line: plays on what repeated for the caller before media stopped it. Nobody hears of it but the caller. */
  async resume(callId: CallId, room: Room): Promise<void> {
    const { background } = room;
    if (background === null || room.gone || room.latestPlayId !== background.playId) return;
    const { rooms, media } = this.deps;
    try {
      await rooms.command('play', media.play(callId, await this.made(background.sound), true));
      room.sounding = true;
    } catch (fault) {
      rooms.mediaFailed(callId, fault, 'a sound could not be played on');
    }
  }

  /** Inside the call's line, after anything that changes who holds or who talks: music for those who are held, and for nobody else. */
  async holdMusic(callId: CallId, room: Room): Promise<void> {
    const { rooms, media, sounds, timers } = this.deps;
    const agentHolds = room.joined !== null && (rooms.leg(room.joined)?.holds ?? false);
    for (const side of SIDES) {
      const wanted = room.talking && !room.gone && (side === 'caller' ? agentHolds : room.callerHolds);
      if (wanted === room.heldMusic.has(side)) continue;
      try {
        if (wanted) {
          const { file } = await within(timers, MEDIA_MS.sound, 'sound', sounds.music(this.deps.tuneOf(callId).music));
          await rooms.command('play', media.play(callId, file, true, side));
          room.heldMusic.add(side);
        } else {
          room.heldMusic.delete(side);
          await rooms.command('stop', media.stop(callId, side));
        }
      } catch (fault) {
        rooms.mediaFailed(callId, fault, 'music on hold could not be begun or ended');
      }
    }
  }

  private made(sound: Sound): Promise<string> {
    const { sounds, timers } = this.deps;
    return within(timers, MEDIA_MS.sound, 'sound', this.fileOf(sound, sounds).then(({ file }) => file));
  }

  private async fileOf(sound: Sound, sounds: SoundPort): Promise<{ readonly file: string }> {
    switch (sound.kind) {
      case 'prompt': return sounds.prompt(sound.prompt, sound.language);
      case 'music': return sounds.music(sound.audio);
      case 'ringback': return sounds.ringback();
      case 'callBack': {
        const { text, language } = callBackWords(sound.language, sound.promised);
        return sounds.prompt({ text, audio: null }, language);
      }
      case 'announcement': {
        const text = announcement(sound.language, sound);
        if (text === null) throw new MediaFault('refused', `there are no sentences in ${sound.language}`);
        return sounds.prompt({ text, audio: null }, sound.language);
      }
    }
  }
}
