// What people type in the languages beside English, for the same commands; written without accents, as commands are read.
import { type Language } from '../cards/words';
import { type CommandName } from './commands';

type Phrases = Partial<Record<CommandName, readonly string[]>>;
/** Words around the length and the reason of a pause, and those of politeness. */
export interface SmallWords {
  readonly before: readonly string[];
  readonly because: readonly string[];
  readonly minutes: readonly string[];
  readonly hours: readonly string[];
  readonly please: readonly string[];
}

/*
 * Words for the two ends of one thing differ by more than a slip could mend: `anmelden` alone would too easily be `abmelden`,
 * and `prendre` stands a letter from `reprendre`.
 */
const german: Phrases = {
  help: ['hilfe', 'hallo', 'guten tag', 'was kann ich tun'],
  who: ['wer bin ich'],
  groups: ['meine gruppen', 'gruppen', 'liste', 'zeige gruppen', 'zeige meine gruppen'],
  onDuty: ['dienst an', 'dienst beginnen', 'im dienst', 'in dienst', 'ich bin im dienst'],
  offDuty: ['dienst aus', 'dienst beenden', 'ausser dienst', 'nicht im dienst', 'feierabend', 'ich bin nicht im dienst'],
  duty: ['mein dienst', 'dienst', 'bin ich im dienst'],
  ring: ['mein telefon klingeln lassen', 'telefon klingeln lassen', 'lass mein telefon klingeln', 'telefon testen'],
  phone: ['mein telefon', 'telefon', 'zeige mein telefon'],
  guide: ['neue gruppe in schritten', 'neue gruppe schritt fur schritt', 'neues menu', 'gruppe in schritten'],
  newGroup: ['neue gruppe', 'gruppe anlegen', 'gruppe erstellen'],
  newAgent: ['neuer agent', 'agent anlegen', 'agent erstellen', 'agent hinzufugen'],
  calls: ['meine anrufe heute', 'meine anrufe', 'anrufe heute'],
  pool: ['zustand des pools', 'poolzustand', 'redundanz', 'hochverfugbarkeit'],
  settings: ['einstellungen', 'pooleinstellungen', 'rufnummernrichtlinie', 'erlaubte nummern'],
  walk: ['gehe durch {group}', '{group} durchgehen'],
  flow: ['ablauf von {group}', 'ablauf {group}', 'anrufablauf {group}', 'fragen von {group}', 'fragen {group}', 'menu von {group}'],
  history: ['verlauf {words}', 'anderungen {words}', 'wer hat was geandert', 'protokoll {words}'],
  undo: ['ruckgangig', 'ruckgangig machen', 'rueckgaengig', 'rueckgaengig machen', 'zurucknehmen'],
  signIn: ['melde mich an {group} an', 'melde {name} an {group} an', 'an {group} anmelden', '{name} an {group} anmelden'],
  signOut: ['melde mich von {group} ab', 'melde {name} von {group} ab', 'von {group} abmelden', '{name} von {group} abmelden'],
  pick: ['nachsten heranholen in {group}', 'nachsten heranholen aus {group}', 'heranholen in {group}', 'heranholen aus {group}', 'nachsten heranholen', 'nachsten anruf heranholen', 'heranholen'],
  move: ['verschiebe am langsten wartenden in {group} nach {to}', 'verschiebe den nachsten in {group} nach {to}', 'verschiebe nachsten in {group} nach {to}', 'verschiebe am langsten wartenden nach {to}', 'verschiebe den nachsten nach {to}'],
  priority: ['prioritat {priority} fur am langsten wartenden in {group}', 'prioritat {priority} fur den nachsten in {group}', 'prioritat {priority} fur {group}', 'prioritat {priority} in {group}'],
  pause: ['pausiere mich {words}', 'pausiere {words}', 'mach pause {words}', 'pause {words}'],
  resume: ['weiter {name}', 'pause beenden {name}', 'fortsetzen {name}', 'ende der pause {name}', 'pausenende {name}'],
  team: ['agenten von {group}', 'agenten in {group}', 'wer ist im dienst in {group}', 'wer ist im dienst'],
  managers: ['manager von {group}', 'manager {group}'],
  agents: ['agenten {search}', 'meine agenten', 'zeige agenten'],
  live: ['live {group}', 'beobachte {group}', 'warteschlange {group}'],
  edit: ['bearbeite {group}', 'andere {group}', '{group} bearbeiten', '{group} andern'],
  show: ['zeige {group}', 'offne {group}', 'gruppe {group}'],
};

const french: Phrases = {
  help: ['aide', 'bonjour', 'salut', 'que puis-je faire', 'que puis je faire'],
  who: ['qui suis-je', 'qui suis je'],
  groups: ['mes groupes', 'groupes', 'liste des groupes', 'afficher mes groupes'],
  onDuty: ['en service', 'prendre mon service', 'je suis en service', 'debut de service'],
  offDuty: ['hors service', 'quitter mon service', 'je suis hors service', 'fin de service'],
  duty: ['mon service', 'service', 'suis-je en service', 'suis je en service'],
  ring: ['faire sonner mon telephone', 'sonner mon telephone', 'tester mon telephone'],
  phone: ['mon telephone', 'telephone', 'afficher mon telephone'],
  guide: ['nouveau groupe pas a pas', 'nouveau groupe par etapes', 'nouveau menu'],
  newGroup: ['nouveau groupe', 'creer un groupe', 'ajouter un groupe'],
  newAgent: ['nouvel agent', 'creer un agent', 'ajouter un agent'],
  calls: ['mes appels du jour', 'mes appels', 'appels du jour'],
  pool: ['etat du pool', 'redondance', 'haute disponibilite'],
  settings: ['parametres', 'reglages', 'parametres du pool', 'numeros autorises'],
  walk: ['parcourir le menu de {group}', 'simuler {group}'],
  flow: ['parcours de {group}', 'parcours {group}', 'questions de {group}', 'questions {group}', 'menu de {group}'],
  history: ['historique {words}', 'modifications {words}', 'qui a modifie quoi', 'journal {words}'],
  undo: ['annuler', 'annuler la derniere modification', 'defaire'],
  signIn: ['me connecter a {group}', 'connecter {name} a {group}', 'connexion a {group}'],
  signOut: ['me deconnecter de {group}', 'deconnecter {name} de {group}', 'deconnexion de {group}'],
  pick: ['intercepter le plus ancien dans {group}', 'intercepter le suivant dans {group}', 'intercepter dans {group}', 'intercepter le suivant', 'intercepter le plus ancien', "prendre l'appel suivant", 'intercepter'],
  move: ['deplacer le plus ancien de {group} vers {to}', 'deplacer le suivant de {group} vers {to}', 'deplacer le plus ancien vers {to}', 'deplacer le suivant vers {to}'],
  priority: ['priorite {priority} pour le plus ancien de {group}', 'priorite {priority} pour le suivant de {group}', 'priorite {priority} pour {group}', 'priorite {priority} dans {group}'],
  pause: ['mettre en pause {words}', 'faire une pause {words}', 'prendre une pause {words}', 'pause {words}'],
  resume: ['reprendre {name}', 'fin de pause {name}', 'fin de la pause {name}'],
  team: ['agents de {group}', 'agents dans {group}', 'equipe {group}', 'qui est en service dans {group}', 'qui est en service'],
  managers: ['gestionnaires de {group}', 'gestionnaires {group}', 'gestionnaire {group}'],
  agents: ['agents {search}', 'mes agents', 'liste des agents'],
  live: ['en direct {group}', 'direct {group}', 'suivre {group}', 'file {group}'],
  edit: ['modifier {group}', 'changer {group}'],
  show: ['afficher {group}', 'ouvrir {group}', 'groupe {group}'],
};

const spanish: Phrases = {
  help: ['ayuda', 'hola', 'buenos dias', 'que puedo hacer'],
  who: ['quien soy', 'quien soy yo'],
  groups: ['mis grupos', 'grupos', 'lista de grupos', 'mostrar mis grupos'],
  onDuty: ['de servicio', 'entrar de servicio', 'empezar el servicio', 'estoy de servicio'],
  offDuty: ['fuera de servicio', 'salir de servicio', 'terminar el servicio', 'estoy fuera de servicio'],
  duty: ['mi servicio', 'servicio'],
  ring: ['hacer sonar mi telefono', 'sonar mi telefono', 'probar mi telefono'],
  phone: ['mi telefono', 'telefono', 'mostrar mi telefono'],
  guide: ['nuevo grupo paso a paso', 'nuevo grupo por pasos', 'nuevo menu'],
  newGroup: ['nuevo grupo', 'crear grupo', 'agregar grupo'],
  newAgent: ['nuevo agente', 'crear agente', 'agregar agente'],
  calls: ['mis llamadas de hoy', 'mis llamadas', 'llamadas de hoy'],
  pool: ['estado del pool', 'redundancia', 'alta disponibilidad'],
  settings: ['configuracion', 'ajustes', 'numeros permitidos'],
  walk: ['recorrer {group}', 'probar {group}'],
  flow: ['flujo de {group}', 'flujo {group}', 'preguntas de {group}', 'preguntas {group}', 'menu de {group}'],
  history: ['historial {words}', 'cambios {words}', 'quien cambio que', 'registro de cambios'],
  undo: ['deshacer', 'deshacer el ultimo cambio'],
  signIn: ['iniciar sesion en {group}', 'iniciar sesion de {name} en {group}'],
  signOut: ['cerrar sesion en {group}', 'cerrar sesion de {name} en {group}'],
  pick: ['capturar la mas antigua en {group}', 'capturar la siguiente en {group}', 'capturar en {group}', 'capturar la siguiente', 'capturar la mas antigua', 'capturar'],
  move: ['mover la mas antigua de {group} a {to}', 'mover la siguiente de {group} a {to}', 'mover la mas antigua a {to}', 'mover la siguiente a {to}'],
  priority: ['prioridad {priority} para la mas antigua de {group}', 'prioridad {priority} para la siguiente de {group}', 'prioridad {priority} para {group}', 'prioridad {priority} en {group}'],
  pause: ['ponme en pausa {words}', 'hacer una pausa {words}', 'pausar {words}', 'pausa {words}'],
  resume: ['reanudar {name}', 'fin de pausa {name}', 'terminar la pausa {name}'],
  team: ['agentes de {group}', 'agentes en {group}', 'equipo {group}', 'quien esta de servicio en {group}', 'quien esta de servicio'],
  managers: ['responsables de {group}', 'responsables {group}', 'responsable {group}'],
  agents: ['agentes {search}', 'mis agentes', 'lista de agentes'],
  live: ['en vivo {group}', 'seguir {group}', 'cola {group}'],
  edit: ['editar {group}', 'cambiar {group}'],
  show: ['mostrar {group}', 'abrir {group}', 'grupo {group}'],
};

const italian: Phrases = {
  help: ['aiuto', 'ciao', 'buongiorno', 'che cosa posso fare', 'cosa posso fare'],
  who: ['chi sono', 'chi sono io'],
  groups: ['i miei gruppi', 'gruppi', 'elenco gruppi', 'mostra i miei gruppi'],
  onDuty: ['in servizio', 'inizia il servizio', 'sono in servizio'],
  offDuty: ['fuori servizio', 'termina il servizio', 'sono fuori servizio'],
  duty: ['il mio servizio', 'servizio'],
  ring: ['fai squillare il mio telefono', 'prova il mio telefono'],
  phone: ['il mio telefono', 'telefono', 'mostra il mio telefono'],
  guide: ['nuovo gruppo passo passo', 'nuovo gruppo a passi', 'nuovo menu'],
  newGroup: ['nuovo gruppo', 'crea gruppo', 'aggiungi gruppo'],
  newAgent: ['nuovo agente', 'crea agente', 'aggiungi agente'],
  calls: ['le mie chiamate di oggi', 'le mie chiamate', 'chiamate di oggi'],
  pool: ['stato del pool', 'ridondanza', 'alta disponibilita'],
  settings: ['impostazioni', 'numeri consentiti'],
  walk: ['percorri {group}', 'prova {group}'],
  flow: ['flusso di {group}', 'flusso {group}', 'domande di {group}', 'domande {group}', 'menu di {group}'],
  history: ['cronologia {words}', 'modifiche {words}', 'chi ha cambiato cosa', 'registro delle modifiche'],
  undo: ['annulla', "annulla l'ultima modifica", 'annulla ultima modifica'],
  signIn: ['accedi a {group}', 'fai accedere {name} a {group}'],
  signOut: ['esci da {group}', 'fai uscire {name} da {group}'],
  pick: ['preleva la piu vecchia in {group}', 'preleva la prossima in {group}', 'preleva in {group}', 'preleva la prossima', 'preleva la piu vecchia', 'prendi la prossima', 'preleva'],
  move: ['sposta la piu vecchia da {group} a {to}', 'sposta la prossima da {group} a {to}', 'sposta la piu vecchia a {to}', 'sposta la prossima a {to}'],
  priority: ['priorita {priority} per la piu vecchia in {group}', 'priorita {priority} per la prossima in {group}', 'priorita {priority} per {group}', 'priorita {priority} in {group}'],
  pause: ['mettimi in pausa {words}', 'metti in pausa {words}', 'fai una pausa {words}', 'pausa {words}'],
  resume: ['riprendi {name}', 'fine pausa {name}', 'termina la pausa {name}'],
  team: ['agenti di {group}', 'agenti in {group}', 'squadra {group}', 'chi e in servizio in {group}', 'chi e in servizio'],
  managers: ['responsabili di {group}', 'responsabili {group}', 'responsabile {group}'],
  agents: ['agenti {search}', 'i miei agenti', 'elenco agenti'],
  live: ['dal vivo {group}', 'segui {group}', 'coda {group}'],
  edit: ['modifica {group}', 'cambia {group}'],
  show: ['mostra {group}', 'apri {group}', 'gruppo {group}'],
};

export const PHRASES_OF: Readonly<Record<Exclude<Language, 'en'>, Phrases>> = { de: german, fr: french, es: spanish, it: italian };

/** Phrases whose open end would take what another one says; tried last. */
export const LOOSE_OF: Readonly<Record<Exclude<Language, 'en'>, Phrases>> = { de: { pick: ['heranholen {group}'] }, fr: { pick: ['intercepter {group}'] }, es: { pick: ['capturar {group}'] }, it: { pick: ['preleva {group}'] } };

/** Lists of objects, by the words for each. */
export const LISTS_OF: Readonly<Record<Exclude<Language, 'en'>, Readonly<Record<'businessHours' | 'holidaySet' | 'queue' | 'agentGroup' | 'trunk', readonly string[]>>>> = {
  de: { businessHours: ['geschaftszeiten', 'offnungszeiten'], holidaySet: ['feiertage', 'feiertagssatze'], queue: ['warteschlangen'], agentGroup: ['agentengruppen'], trunk: ['trunks'] },
  fr: { businessHours: ["heures d'ouverture", 'horaires'], holidaySet: ['jours feries', 'ensembles de jours feries'], queue: ["files d'attente", 'files'], agentGroup: ["groupes d'agents"], trunk: ['trunks'] },
  es: { businessHours: ['horario comercial', 'horarios comerciales', 'horario', 'horarios'], holidaySet: ['festivos', 'conjuntos de festivos'], queue: ['colas'], agentGroup: ['grupos de agentes'], trunk: ['troncales'] },
  it: { businessHours: ['orario di apertura', 'orari di apertura', 'orari'], holidaySet: ['festivita', 'set di festivita'], queue: ['code'], agentGroup: ['gruppi agenti'], trunk: ['trunk'] },
};

/** `per` is a preposition in Italian and a name further north, so that each language keeps its own. */
export const SMALL_WORDS: Readonly<Record<Language, SmallWords>> = {
  en: { before: ['for'], because: ['for', 'because of'], minutes: ['m', 'min', 'mins', 'minute', 'minutes'], hours: ['h', 'hour', 'hours'], please: ['please'] },
  de: { before: ['fur'], because: ['wegen', 'fur'], minutes: ['minuten'], hours: ['std', 'stunde', 'stunden'], please: ['bitte'] },
  fr: { before: ['pendant', 'pour'], because: ['pour'], minutes: ['mn'], hours: ['heure', 'heures'], please: ["s'il vous plait", "s'il te plait", 'svp', 'stp'] },
  es: { before: ['durante', 'por'], because: ['por', 'para'], minutes: ['minuto', 'minutos'], hours: ['hora', 'horas'], please: ['por favor'] },
  it: { before: ['per'], because: ['per'], minutes: ['minuto', 'minuti'], hours: ['ora', 'ore'], please: ['per favore', 'per piacere'] },
};
