import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

const accent: MantineColorsTuple = ['#e6effa', '#cfe0f5', '#a9c9ee', '#7db4f0', '#5a95d6', '#3f7fc4', '#2468b4', '#17569b', '#124780', '#0d3a6e']

/** Neutral ramp of the dark theme, text to page; the same values as the tokens. */
const neutral: MantineColorsTuple = ['#e8ebef', '#a8b2be', '#8d98a5', '#6d7887', '#3a434f', '#2b323c', '#1d222a', '#171b21', '#11151a', '#0f1216']

/** Mantine dressed in the console's tokens. */
export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 7 },
  colors: { accent, dark: neutral },
  fontFamily: 'var(--fl-font)',
  fontFamilyMonospace: 'var(--fl-mono)',
  fontSizes: { xs: '12.5px', sm: '14px', md: '14px', lg: '16px', xl: '20px' },
  defaultRadius: 6,
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Tooltip: { defaultProps: { openDelay: 300, transitionProps: { duration: 100 } } },
    Modal: { defaultProps: { transitionProps: { duration: 120, transition: 'fade' }, centered: true, closeButtonProps: { 'aria-label': 'Close' } } },
    Drawer: { defaultProps: { transitionProps: { duration: 120 }, closeButtonProps: { 'aria-label': 'Close' } } },
    Menu: { defaultProps: { transitionProps: { duration: 100 } } },
  },
})

const shared = {
  '--mantine-color-body': 'var(--fl-surface)',
  '--mantine-color-text': 'var(--fl-text)',
  '--mantine-color-dimmed': 'var(--fl-text-soft)',
  '--mantine-color-error': 'var(--fl-alert)',
  '--mantine-color-anchor': 'var(--fl-accent)',
  '--mantine-color-default': 'var(--fl-raised)',
  '--mantine-color-default-hover': 'var(--fl-sunken)',
  '--mantine-color-default-color': 'var(--fl-text)',
  '--mantine-color-default-border': 'var(--fl-line-strong)',
  '--mantine-color-placeholder': 'var(--fl-text-soft)',
  '--mantine-color-gray-light-color': 'var(--fl-text)',
  '--mantine-color-gray-text': 'var(--fl-text-soft)',
}

/** Gives Mantine's own colour variables the values of the tokens, in both themes. */
export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared })
