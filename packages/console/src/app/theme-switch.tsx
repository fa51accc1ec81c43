import { SegmentedControl, useMantineColorScheme, VisuallyHidden } from '@mantine/core'
import { Icon, type IconName } from '../ui/icons.tsx'

const SCHEMES: readonly { value: 'light' | 'auto' | 'dark'; label: string; icon: IconName }[] = [
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'auto', label: 'As the system', icon: 'screen' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
]

/** Light, dark, or as the system has it; remembered in this browser. */
export function ThemeSwitch({ words = false }: { words?: boolean }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <SegmentedControl
      size="xs"
      aria-label="Theme"
      value={colorScheme}
      onChange={(value) => setColorScheme(value as 'light' | 'auto' | 'dark')}
      data={SCHEMES.map(({ value, label, icon }) => ({
        value,
        label: (
          <span className="fl-row" style={{ justifyContent: 'center', flexWrap: 'nowrap' }} title={label}>
            <Icon name={icon} />
            {words ? label : <VisuallyHidden>{label}</VisuallyHidden>}
          </span>
        ),
      }))}
    />
  )
}
