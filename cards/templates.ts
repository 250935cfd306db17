// The templates by card name, and the view model each is bound to.
import agentForm from './agent-form.template.json';
import agents from './agents.template.json';
import call from './call.template.json';
import caller from './caller.template.json';
import duty from './duty.template.json';
import firstRun from './first-run.template.json';
import group from './group.template.json';
import groupForm from './group-form.template.json';
import groups from './groups.template.json';
import help from './help.template.json';
import history from './history.template.json';
import live from './live.template.json';
import managers from './managers.template.json';
import notice from './notice.template.json';
import objectForm from './object-form.template.json';
import overview from './overview.template.json';
import pause from './pause.template.json';
import phone from './phone.template.json';
import recording from './recording.template.json';
import shared from './shared.template.json';
import team from './team.template.json';
import who from './who.template.json';
import {
  type AgentFormView, type AgentsView, type CallView, type CallerView, type DutyView, type FirstRunView, type GroupFormView, type GroupView, type GroupsView, type HelpView, type HistoryView,
  type LiveView, type ManagersView, type NoticeView, type ObjectFormView, type OverviewView, type PauseView, type PhoneView, type RecordingView, type SharedView, type TeamView, type WhoView,
} from './views';

/** Which view model each card shows. */
export interface Views {
  'agent-form': AgentFormView;
  agents: AgentsView;
  call: CallView;
  caller: CallerView;
  duty: DutyView;
  'first-run': FirstRunView;
  group: GroupView;
  'group-form': GroupFormView;
  groups: GroupsView;
  help: HelpView;
  history: HistoryView;
  live: LiveView;
  managers: ManagersView;
  notice: NoticeView;
  'object-form': ObjectFormView;
  overview: OverviewView;
  pause: PauseView;
  phone: PhoneView;
  recording: RecordingView;
  shared: SharedView;
  team: TeamView;
  who: WhoView;
}
export type CardName = keyof Views;

export const TEMPLATES: Readonly<Record<CardName, object>> = {
  'agent-form': agentForm, agents, call, caller, duty, 'first-run': firstRun, group, 'group-form': groupForm, groups, help, history, live, managers, notice, 'object-form': objectForm, overview, pause, phone, recording, shared, team, who,
};
