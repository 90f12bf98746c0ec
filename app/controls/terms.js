// Words with their meanings: a button for each, and the browser's own popover, which keyboard and finger open.

const STYLE = `
.terms { display: flex; flex-wrap: wrap; gap: 4px 6px; align-items: center; padding: 8px 0; font: 0.8rem/1.4 "Roboto", "Helvetica", Arial, sans-serif;
  color: var(--panel-on-background-color, #222); }
.terms button { padding: 3px 9px; border: 0; border-radius: 12px; color: inherit; font: inherit; cursor: help;
  background: color-mix(in srgb, currentColor 9%, transparent); }
.terms button:hover { background: color-mix(in srgb, currentColor 18%, transparent); }
.terms button:focus-visible { outline: 2px solid var(--panel-primary-color, #1f4e79); outline-offset: 1px; }
.terms [popover] { position: fixed; inset: auto; margin: 0; padding: 8px 12px; border: 0; border-radius: 6px; max-width: min(340px, calc(100vw - 24px));
  background: #4a4a4a; color: #fff; font-size: 0.85rem; }
@media (pointer: coarse) { .terms button { padding: 7px 12px; border-radius: 16px; } }
@media print { .terms { display: none; } }
`

export function render({model}) {
  const root = document.createElement("div"), style = document.createElement("style")
  root.className = "terms"
  style.textContent = STYLE
  const draw = () => {
    const head = document.createElement("span")
    head.textContent = model.terms.length ? "Words of this tab:" : ""
    root.replaceChildren(style, head, ...model.terms.flatMap(([word, meaning], i) => {
      const button = document.createElement("button"), said = document.createElement("div")
      button.type = "button"
      button.textContent = word
      said.id = `meaning-${i}`
      said.popover = "auto"
      said.setAttribute("role", "note")
      said.textContent = `${word}: ${meaning}`
      button.popoverTargetElement = said
      button.setAttribute("aria-describedby", said.id)
      said.addEventListener("toggle", (event) => {
        if (event.newState === "open") {
          const at = button.getBoundingClientRect(), size = said.getBoundingClientRect()
          said.style.left = `${Math.max(8, Math.min(at.left, window.innerWidth - size.width - 8))}px`
          said.style.top = `${at.top > size.height + 12 ? at.top - size.height - 6 : at.bottom + 6}px`
        }
      })
      return [button, said]
    }))
  }
  model.on("terms", draw)
  draw()
  return root
}
