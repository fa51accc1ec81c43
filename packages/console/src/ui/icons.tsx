/** Paths of the icons on a 20 × 20 grid, drawn as strokes. */
const PATHS = {
  overview: 'M3 10.5 10 4l7 6.5M5 9v7h10V9M8.5 16v-4h3v4',
  deployments: 'M10 3 3 6.5l7 3.5 7-3.5L10 3ZM3 10l7 3.5 7-3.5M3 13.5 10 17l7-3.5',
  models: 'M10 2.5 16.5 6v8L10 17.5 3.5 14V6L10 2.5ZM3.5 6 10 9.5 16.5 6M10 9.5v8',
  system: 'M3 5h14v4H3zM3 11h14v4H3zM6 7h.01M6 13h.01',
  search: 'M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12ZM13.5 13.5 17 17',
  ok: 'M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15ZM6.8 10.2l2.2 2.2 4.2-4.6',
  warn: 'M10 3 18 16.5H2L10 3ZM10 8v4M10 14.4h.01',
  alert: 'M7 2.5h6L17.5 7v6L13 17.5H7L2.5 13V7L7 2.5ZM10 6.5v4.5M10 13.6h.01',
  unknown: 'M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15ZM8 8a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1M10 13.6h.01',
  copy: 'M7 7V4h9v9h-3M4 7h9v9H4z',
  check: 'M4 10.5 8 14.5 16 6',
  down: 'M10 3v9M6 8.5l4 4 4-4M4 16.5h12',
  right: 'M8 5l5 5-5 5',
  sun: 'M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M4.3 15.7l1.4-1.4M14.3 5.7l1.4-1.4',
  moon: 'M16 12.5A6.5 6.5 0 0 1 7.5 4a6.5 6.5 0 1 0 8.5 8.5Z',
  screen: 'M3 4h14v9H3zM7 16.5h6M10 13v3.5',
  back: 'M8 5 4 9l4 4M4 9h8a4 4 0 0 1 0 8h-2',
  play: 'M6 4.5v11l9-5.5-9-5.5Z',
  link: 'M8.5 11.5a3 3 0 0 0 4.2 0l2.6-2.6a3 3 0 0 0-4.2-4.2l-1 1M11.5 8.5a3 3 0 0 0-4.2 0l-2.6 2.6a3 3 0 0 0 4.2 4.2l1-1',
  key: 'M12.5 12a4.5 4.5 0 1 0-4.3-3.2L3 14v3h3v-2h2v-2l1.2-1.2c.9.2 1.9.2 3.3-.8ZM13.5 6.5h.01',
  more: 'M5 10h.01M10 10h.01M15 10h.01',
} as const

/** Name of an icon. */
export type IconName = keyof typeof PATHS

/** A line icon in the colour of its text; decoration only, so the words beside it carry the meaning. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="fl-icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}
