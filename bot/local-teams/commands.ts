// The commands that the compose box offers, in each language; the app package lists them for Teams.
export interface Command { readonly title: string; readonly description: string }

export const COMMAND_LANGUAGES = ['en', 'de', 'fr', 'es', 'it'] as const;
export type CommandLanguage = (typeof COMMAND_LANGUAGES)[number];
type Row = Readonly<Record<CommandLanguage, readonly [title: string, description: string]>>;

const ROWS = {
  help: { en: ['help', 'What can be said here'], de: ['hilfe', 'Was hier gesagt werden kann'], fr: ['aide', 'Ce qu’on peut dire ici'], es: ['ayuda', 'Qué se puede decir aquí'], it: ['aiuto', 'Che cosa si può dire qui'] },
  groups: { en: ['my groups', 'The groups you may see'], de: ['meine gruppen', 'Die Gruppen, die Sie sehen dürfen'], fr: ['mes groupes', 'Les groupes que vous pouvez voir'], es: ['mis grupos', 'Los grupos que puedes ver'], it: ['i miei gruppi', 'I gruppi che puoi vedere'] },
  live: { en: ['live', 'Who waits in a group, and what its agents do'], de: ['live', 'Wer in einer Gruppe wartet, und was ihre Agenten tun'], fr: ['direct', 'Qui attend dans un groupe, et ce que font ses agents'], es: ['en vivo', 'Quién espera en un grupo y qué hacen sus agentes'], it: ['dal vivo', 'Chi attende in un gruppo e che cosa fanno i suoi agenti'] },
  edit: { en: ['edit', 'Change a group'], de: ['bearbeite', 'Eine Gruppe ändern'], fr: ['modifier', 'Modifier un groupe'], es: ['editar', 'Cambiar un grupo'], it: ['modifica', 'Modificare un gruppo'] },
  flow: { en: ['flow', 'Everything a call to a group can meet'], de: ['ablauf', 'Alles, was einem Anruf an eine Gruppe begegnen kann'], fr: ['parcours', 'Tout ce qu’un appel à un groupe peut rencontrer'], es: ['flujo', 'Todo lo que puede encontrar una llamada a un grupo'], it: ['flusso', 'Tutto ciò che una chiamata a un gruppo può incontrare'] },
  hours: { en: ['business hours', 'When groups are open'], de: ['geschäftszeiten', 'Wann Gruppen geöffnet sind'], fr: ['heures d’ouverture', 'Quand les groupes sont ouverts'], es: ['horario comercial', 'Cuándo están abiertos los grupos'], it: ['orario di apertura', 'Quando i gruppi sono aperti'] },
  undo: { en: ['undo', 'Take back your last edit'], de: ['rückgängig', 'Die letzte Änderung zurücknehmen'], fr: ['annuler', 'Reprendre votre dernière modification'], es: ['deshacer', 'Revertir tu último cambio'], it: ['annulla', 'Ritirare la tua ultima modifica'] },
  duty: { en: ['my duty', 'Whether you are on duty, your groups and pauses'], de: ['mein dienst', 'Ob Sie im Dienst sind, Ihre Gruppen und Pausen'], fr: ['mon service', 'Si vous êtes en service, vos groupes et vos pauses'], es: ['mi servicio', 'Si estás de servicio, tus grupos y pausas'], it: ['il mio servizio', 'Se sei in servizio, i tuoi gruppi e le pause'] },
  onDuty: { en: ['on duty', 'Take calls'], de: ['dienst an', 'Anrufe annehmen'], fr: ['en service', 'Prendre des appels'], es: ['de servicio', 'Recibir llamadas'], it: ['in servizio', 'Ricevere chiamate'] },
  offDuty: { en: ['off duty', 'Take no calls'], de: ['dienst aus', 'Keine Anrufe annehmen'], fr: ['hors service', 'Ne plus prendre d’appels'], es: ['fuera de servicio', 'No recibir llamadas'], it: ['fuori servizio', 'Non ricevere chiamate'] },
  pause: { en: ['pause', 'Be called by nobody for a while'], de: ['pause', 'Eine Weile keine Anrufe'], fr: ['pause', 'Ne pas être appelé pendant un moment'], es: ['pausa', 'No recibir llamadas durante un rato'], it: ['pausa', 'Per un po’ nessuna chiamata'] },
  resume: { en: ['resume', 'End the pause'], de: ['weiter', 'Die Pause beenden'], fr: ['reprendre', 'Mettre fin à la pause'], es: ['reanudar', 'Terminar la pausa'], it: ['riprendi', 'Terminare la pausa'] },
  pick: { en: ['pick', 'Take the call that waits longest'], de: ['heranholen', 'Den am längsten wartenden Anruf annehmen'], fr: ['intercepter', 'Prendre l’appel qui attend depuis le plus longtemps'], es: ['capturar', 'Atender la llamada que más espera'], it: ['preleva', 'Prendere la chiamata in attesa da più tempo'] },
  phone: { en: ['my phone', 'Address, password and registration'], de: ['mein telefon', 'Adresse, Kennwort und Registrierung'], fr: ['mon téléphone', 'Adresse, mot de passe et enregistrement'], es: ['mi teléfono', 'Dirección, contraseña y registro'], it: ['il mio telefono', 'Indirizzo, password e registrazione'] },
  ring: { en: ['ring my phone', 'Hear whether it works'], de: ['telefon testen', 'Hören, ob es funktioniert'], fr: ['tester mon téléphone', 'Entendre s’il fonctionne'], es: ['probar mi teléfono', 'Oír si funciona'], it: ['prova il mio telefono', 'Sentire se funziona'] },
  newGroup: { en: ['new group', 'Make a group that callers can dial'], de: ['neue gruppe', 'Eine Gruppe anlegen, die Anrufer wählen können'], fr: ['nouveau groupe', 'Créer un groupe que l’on peut appeler'], es: ['nuevo grupo', 'Crear un grupo al que se pueda llamar'], it: ['nuovo gruppo', 'Creare un gruppo che si può chiamare'] },
  newAgent: { en: ['new agent', 'Let somebody take calls'], de: ['neuer agent', 'Jemanden Anrufe annehmen lassen'], fr: ['nouvel agent', 'Permettre à quelqu’un de prendre des appels'], es: ['nuevo agente', 'Permitir que alguien atienda llamadas'], it: ['nuovo agente', 'Permettere a qualcuno di rispondere'] },
  agents: { en: ['agents', 'Everybody who takes calls'], de: ['agenten', 'Alle, die Anrufe annehmen'], fr: ['agents', 'Tous ceux qui prennent des appels'], es: ['agentes', 'Todos los que atienden llamadas'], it: ['agenti', 'Tutti quelli che rispondono'] },
  managers: { en: ['managers', 'Who manages a group'], de: ['manager', 'Wer eine Gruppe verwaltet'], fr: ['gestionnaires', 'Qui gère un groupe'], es: ['responsables', 'Quién administra un grupo'], it: ['responsabili', 'Chi gestisce un gruppo'] },
  who: { en: ['who am I', 'Your roles and rights'], de: ['wer bin ich', 'Ihre Rollen und Rechte'], fr: ['qui suis-je', 'Vos rôles et vos droits'], es: ['quién soy', 'Tus roles y derechos'], it: ['chi sono', 'I tuoi ruoli e diritti'] },
} as const satisfies Readonly<Record<string, Row>>;
export type CommandKey = keyof typeof ROWS;
export const COMMAND_KEYS = Object.keys(ROWS) as readonly CommandKey[];

export function commandIn(language: CommandLanguage, key: CommandKey): Command {
  const [title, description] = ROWS[key][language];
  return { title, description };
}

const all = (language: CommandLanguage): readonly Command[] => COMMAND_KEYS.map((key) => commandIn(language, key));
export const COMMANDS: Readonly<Record<CommandLanguage, readonly Command[]>> = { en: all('en'), de: all('de'), fr: all('fr'), es: all('es'), it: all('it') };
