// A button that copies a text, or the address of the page. A browser takes a text from a click only, so the server cannot do it.

const STYLE = `
button { display: inline-flex; align-items: center; gap: 6px; height: 32px; padding: 0 12px; border: 1px solid color-mix(in srgb, currentColor 55%, transparent); border-radius: 4px;
  background: none; color: var(--panel-primary-color, #1f4e79); font: 500 0.85rem/1 "Roboto", "Helvetica", Arial, sans-serif; white-space: nowrap; cursor: pointer; }
button:hover { background: color-mix(in srgb, currentColor 9%, transparent); }
button:focus-visible { outline: 2px solid currentColor; outline-offset: 1px; }
@media print { button { display: none; } }
`

export function render({model}) {
  const button = document.createElement("button"), style = document.createElement("style"), root = document.createElement("div")
  button.type = "button"
  button.setAttribute("aria-live", "polite")
  style.textContent = STYLE
  root.append(style, button)
  let timer
  const say = (words) => {
    model.said = words
    button.textContent = words
    clearTimeout(timer)
    timer = setTimeout(() => say(model.label), 2000)
  }
  const old = (text) => { // without https there is no clipboard object, and the browser may refuse
    const box = document.createElement("textarea")
    box.value = text
    box.readOnly = true
    box.setAttribute("aria-label", "Text to copy")
    box.style.cssText = "position: fixed; inset: auto 16px 16px; height: 30vh; z-index: 9999"
    document.body.append(box)
    box.select()
    if (document.execCommand("copy")) {
      box.remove()
      say("Copied")
    } else { // it stays, selected, until it is left
      box.addEventListener("blur", () => box.remove())
      say("Press Ctrl+C")
    }
  }
  button.addEventListener("click", () => {
    const text = model.address ? window.location.href : model.text
    if (!text) {
      say("Nothing to copy yet")
    } else if (navigator.clipboard) {
      navigator.clipboard.writeText(text).then(() => say("Copied"), () => old(text))
    } else {
      old(text)
    }
  })
  button.textContent = model.label
  return root
}
