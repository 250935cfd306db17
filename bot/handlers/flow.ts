// Everything a group leads to on one card: its settings, questions, queues, agent groups, hours; and walking through its menu.
import { Span } from '../../cards/formats';
import { render } from '../../cards/render';
import { type Button, type Note, type OverviewView } from '../../cards/views';
import { type WorkflowView } from '../../storage/administration/views';
import { type AnswerAction } from '../../storage/model/call-action';
import { type Prompt } from '../../storage/model/prompt';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { treeOf, walk, type Walked } from '../forms/menu';
import { nameFor, showTarget, type Reachable } from '../forms/readings';
import { button, listNames, NO_NOTE, offered, warningText } from '../views/common';
import { refused } from '../views/notice';

type FlowHandlers = Pick<Handlers, 'flow' | 'walk'>;
type Row = OverviewView['sections'][number]['rows'][number];
/** Buttons right below what is told. */
export const nextSteps = (next: readonly Button[]): OverviewView['sections'] => (next.length === 0 ? [] : [{ titled: false, titleText: '', rows: [], actions: next }]);
const QUESTIONS_SHOWN = 25;
const INDENT_PX = 20;

export const flowHandlers: FlowHandlers = {
  async flow(services, asking, { groupId }) {
    return showFlow(services, asking, groupId);
  },

  async walk(services, asking, { groupId, at, attempt, step }) {
    const found = await services.administration.workflow(asking.acting, groupId);
    if (!found.ok) return refused(asking, found, button(asking.say, 'flow', 'flow', { groupId }));
    return walkCard(asking, found.value, walk(found.value.workflow, at, attempt, step));
  },
};

/** `next` stands below what is told. */
export async function showFlow(services: Services, asking: Asking, groupId: string, told: Note = NO_NOTE, next: (view: WorkflowView) => readonly Button[] = () => []): Promise<Shown> {
  const found = await services.administration.workflow(asking.acting, groupId);
  if (!found.ok) return refused(asking, found, button(asking.say, 'flow', 'flow', { groupId }));
  return flowCard(asking, found.value, told, next(found.value));
}

const reachableOf = (view: WorkflowView): Reachable => ({ queues: view.queues.map(({ id, name }) => ({ id, name })), questions: view.workflow.questions.map(({ id, name }) => ({ id, name })), words: 'en' });

/** `Queue Sales`, `Hangs up`; a message said before stands in front. */
function actionText({ say }: Asking, action: AnswerAction | null, known: Reachable): string {
  if (action === null) return say('flow.action.disconnect');
  const value = action.kind === 'queue' ? nameFor(action.queueId, known.queues) : action.kind === 'question' ? nameFor(action.questionId, known.questions) : showTarget(action, known);
  return `${action.prompt ? `${quoted({ say }, action.prompt)} › ` : ''}${say(`flow.action.${action.kind}`, { value })}`;
}

function quoted({ say }: Pick<Asking, 'say'>, prompt: Prompt): string {
  if (prompt.audio) return say('flow.recording', { name: prompt.audio.fileName });
  return say('flow.quoted', { text: prompt.text.length > 100 ? `${prompt.text.slice(0, 99)}…` : prompt.text });
}

function flowCard(asking: Asking, view: WorkflowView, told: Note, next: readonly Button[]): Shown {
  const { say } = asking;
  const { workflow } = view;
  const groupId = view.id;
  const known = reachableOf(view);
  const edit = (kind: string, id: string, may: boolean): Row['actions'] => offered(may && button(say, 'edit', 'object.edit', { kind, id, groupId }));
  const row = (name: string, lines: readonly string[], actions: Row['actions'], depth = 0): Row => ({ nameText: name, lines: lines.map((text) => ({ text })), actions, indent: `${Math.min(depth, 6) * INDENT_PX + 1}px` });
  const tree = treeOf(workflow);
  const schedule = (key: 'closed' | 'holiday', action: AnswerAction): string => say(`flow.${key}`, { action: actionText(asking, action, known) });
  const sections: OverviewView['sections'] = [
    ...nextSteps(next),
    {
      titled: false, titleText: '', actions: [],
      rows: [
        row(say('flow.first'), [
          workflow.welcome === null ? say('flow.noWelcome') : quoted(asking, workflow.welcome),
          say('flow.then', { action: actionText(asking, { ...workflow.defaultAction, prompt: null }, known) }),
          ...(workflow.music ? [say('flow.music', { name: workflow.music.fileName })] : []),
        ], edit('workflow', view.id, view.rights.change)),
        // Where there are none yet, or several, the group's own form is where they are chosen.
        row(say('flow.hours'), [view.businessHours === null ? say('form.alwaysOpen') : say('sentence', { sentence: view.businessHours.name }), ...(view.businessHours === null ? [] : [schedule('closed', workflow.closedAction)])],
          view.businessHours === null ? edit('workflow', view.id, view.rights.change) : edit('businessHours', view.businessHours.id, view.businessHours.rights.change)),
        row(say('flow.holidays'), view.holidaySets.length === 0 ? [say('flow.noHolidays')] : [listNames(say, view.holidaySets.map((one) => one.name)), schedule('holiday', workflow.holidayAction)].map((text, index) => (index === 0 ? say('sentence', { sentence: text }) : text)),
          view.holidaySets.length === 1 && view.holidaySets[0] ? edit('holidaySet', view.holidaySets[0].id, view.holidaySets[0].rights.change) : edit('workflow', view.id, view.rights.change)),
      ],
    },
    ...(tree.length === 0 && !view.rights.change ? [] : [{
      titled: true, titleText: say('flow.questions'),
      rows: tree.slice(0, QUESTIONS_SHOWN).map(({ question, depth, again }) => row(say('sentence', { sentence: question.name }), again ? [say('flow.again')] : [
        quoted(asking, question.prompt),
        ...question.answers.map((answer) => `${say('flow.answer', { key: answer.key, name: answer.name })} › ${actionText(asking, answer.action, known)}`),
        ...(question.fallback ? [say('flow.fallback', { action: actionText(asking, question.fallback, known) })] : []),
      ], again ? [] : offered(...edit('question', question.id, view.rights.change), view.rights.change && button(say, 'delete', 'object.delete', { kind: 'question', id: question.id, groupId })), depth)),
      actions: offered(
        view.rights.change && button(say, 'newQuestion', 'object.new', { kind: 'question', groupId }),
        tree.length > 0 && button(say, 'walk', 'walk', { groupId, at: '', attempt: 1, step: 'start' }, 'positive'),
      ),
    }]),
    {
      titled: true, titleText: say('flow.queues'), rows: view.queues.map((one) => {
        const { agentGroupIds, timeoutSeconds, timeoutAction, overflowThreshold, overflowAction, noAgentsAction } = one.object;
        const groups = agentGroupIds.flatMap((id) => view.agentGroups.find((group) => group.id === id)?.name ?? []);
        return row(say('sentence', { sentence: one.name }), [
          say('flow.served', { groups: listNames(say, groups) }),
          ...(timeoutSeconds === null ? [] : [say('flow.timeout', { time: new Span(timeoutSeconds), action: actionText(asking, timeoutAction, known) })]),
          ...(overflowThreshold === null ? [] : [say('flow.overflow', { count: overflowThreshold, action: actionText(asking, overflowAction, known) })]),
          ...(noAgentsAction === null ? [] : [say('flow.noAgents', { action: actionText(asking, noAgentsAction, known) })]),
        ], edit('queue', one.id, one.rights.change));
      }), actions: offered(view.rights.change && button(say, 'newQueue', 'object.new', { kind: 'queue', groupId })),
    },
    {
      titled: true, titleText: say('flow.agentGroups'), rows: view.agentGroups.map((one) => row(say('sentence', { sentence: one.name }), [
        say('flow.ringing', { method: say(`routing.short.${one.object.routingMethod}`), count: one.object.agentIds.length, time: new Span(one.object.alertTimeSeconds) }),
        ...(one.object.participation === 'formal' ? [say('form.participation.formal')] : []),
      ], edit('agentGroup', one.id, one.rights.change))), actions: offered(view.rights.change && button(say, 'newAgentGroup', 'object.new', { kind: 'agentGroup', groupId })),
    },
  ];
  return {
    card: render('overview', {
      titleText: say('sentence', { sentence: workflow.displayName }), introduced: true, introText: say('flow.intro'), note: told,
      warnings: view.warnings.map((one) => ({ text: warningText(say, one, 1) })), sections,
      actions: offered(
        view.rights.change && button(say, 'newHours', 'object.new', { kind: 'businessHours', groupId }), view.rights.change && button(say, 'newHolidays', 'object.new', { kind: 'holidaySet', groupId }),
        button(say, 'openGroup', 'group', { groupId }),
      ),
    }, asking.locale),
  };
}

function walkCard(asking: Asking, view: WorkflowView, walked: Walked): Shown {
  const { say } = asking;
  const groupId = view.id;
  const known = reachableOf(view);
  const heard = walked.heard.map((one) => ({ text: one.what === 'answered' ? say('walk.answered', { name: one.text }) : say(`walk.${one.what}`, { text: quoted(asking, { text: one.text, audio: one.recording === null ? null : { audioId: '', fileName: one.recording, durationMs: 1 } }) }) }));
  const { at } = walked;
  const press = (text: string, step: string, values: Readonly<Record<string, unknown>> = {}): ReturnType<typeof button> => button(say, text, 'walk', { groupId, at: at?.question.id ?? '', attempt: at?.attempt ?? 1, step }, 'default', values);
  const unused = '1234567890*#'.split('').find((key) => at !== null && !at.question.answers.some((one) => one.key === key));
  return {
    card: render('overview', {
      titleText: say('walk.title', { name: view.workflow.displayName }), introduced: true, introText: say('walk.intro'), note: NO_NOTE, warnings: [],
      sections: [
        { titled: true, titleText: say('walk.heard'), actions: [], rows: [{ nameText: at ? say('walk.at', { name: at.question.name, attempt: at.attempt, attempts: at.question.attempts }) : say('walk.leaves', { action: actionText(asking, walked.leaves, known) }), lines: heard, actions: [], indent: '1px' }] },
        ...(at === null ? [] : [{
          titled: true, titleText: say('walk.press'),
          rows: at.question.answers.map((answer) => ({ nameText: say('flow.answer', { key: answer.key, name: answer.name }), lines: [], actions: [press('pressKey', answer.key, { key: answer.key })], indent: '1px' })),
          actions: offered(unused !== undefined && press('pressWrong', unused, { key: unused }), press('saySilence', 'silence')),
        }]),
      ],
      actions: [button(say, 'startAgain', 'walk', { groupId, at: '', attempt: 1, step: 'start' }), button(say, 'flow', 'flow', { groupId })],
    }, asking.locale),
  };
}
