// How Adaptive Cards look here: close to Teams, in colours that follow the page's theme.

const colour = (name) => ({
  default: `var(--card-${name})`,
  subtle: `var(--card-${name}-subtle)`,
  highlightColors: { default: 'var(--card-highlight)', subtle: 'var(--card-highlight)' },
});

const foregroundColors = {
  default: colour('text'), dark: colour('text'), light: colour('light'), accent: colour('accent'),
  good: colour('good'), warning: colour('warning'), attention: colour('attention'),
};

const container = (name) => ({ backgroundColor: `var(--card-back-${name})`, borderColor: `var(--card-border-${name})`, foregroundColors });

export const HOST_CONFIG = {
  hostCapabilities: { 'com.microsoft.teams': '1.0' },
  choiceSetInputValueSeparator: ',',
  supportsInteractivity: true,
  fontTypes: {
    default: {
      fontFamily: 'var(--font)',
      fontSizes: { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 },
      fontWeights: { lighter: 400, default: 400, bolder: 600 },
    },
    monospace: {
      fontFamily: 'var(--font-fixed)',
      fontSizes: { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 },
      fontWeights: { lighter: 400, default: 400, bolder: 600 },
    },
  },
  lineHeights: { small: 16, default: 20, medium: 20, large: 24, extraLarge: 32 },
  spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
  separator: { lineThickness: 1, lineColor: 'var(--line)' },
  imageSizes: { small: 32, medium: 52, large: 100 },
  imageSet: { imageSize: 'medium', maxImageHeight: 100 },
  containerStyles: {
    default: container('default'), emphasis: container('emphasis'), accent: container('accent'),
    good: container('good'), warning: container('warning'), attention: container('attention'),
  },
  actions: {
    maxActions: 6,
    spacing: 'default',
    buttonSpacing: 8,
    showCard: { actionMode: 'inline', inlineTopMargin: 12, style: 'emphasis' },
    preExpandSingleShowCardAction: false,
    actionsOrientation: 'horizontal',
    actionAlignment: 'left',
    allowTitleToWrap: true,
    iconSize: 16,
  },
  adaptiveCard: { allowCustomStyle: true },
  factSet: {
    title: { color: 'default', size: 'default', weight: 'bolder', wrap: true, maxWidth: 180 },
    value: { color: 'default', size: 'default', weight: 'default', wrap: true },
    spacing: 12,
  },
  inputs: {
    label: {
      inputSpacing: 'small',
      requiredInputs: { weight: 'bolder', color: 'default', size: 'default', suffix: ' *', suffixColor: 'attention' },
      optionalInputs: { weight: 'bolder', color: 'default', size: 'default' },
    },
    errorMessage: { color: 'attention', weight: 'default', size: 'small' },
  },
  media: { allowInlinePlayback: true },
  table: { cellSpacing: 8 },
  textBlock: { headingLevel: 3 },
  textStyles: {
    heading: { size: 'large', weight: 'bolder', color: 'default', isSubtle: false, fontType: 'default' },
    columnHeader: { weight: 'bolder' },
  },
};
