/** Gathers every page of a list. */
export async function allItems<T>(page: (next: string | undefined) => Promise<{ items: T[]; next: string | null }>): Promise<T[]> {
  const items: T[] = []
  let next: string | undefined
  do {
    const answer = await page(next)
    items.push(...answer.items)
    next = answer.next ?? undefined
  } while (next !== undefined)
  return items
}
