/**
 * Puts a text on the clipboard. Browsers keep their clipboard from pages that came over plain HTTP from another machine;
 * there the text is selected in a field of its own and copied as by hand. Answers whether it worked.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard !== undefined) {
      await navigator.clipboard.writeText(text)
      return true
    }
  } catch {
    // Refused, as in a frame or without the window's focus: copy as by hand.
  }
  return copyByHand(text)
}

function copyByHand(text: string): boolean {
  const before = document.activeElement
  const field = document.createElement('textarea')
  field.value = text
  field.setAttribute('readonly', '')
  field.style.cssText = 'position: fixed; top: 0; opacity: 0'
  // A dialog keeps the focus inside itself, so the field has to stand in it.
  const place = before?.closest('[role="dialog"]') ?? document.body
  place.append(field)
  field.select()
  const done = document.execCommand('copy')
  field.remove()
  if (before instanceof HTMLElement) before.focus({ preventScroll: true })
  return done
}
