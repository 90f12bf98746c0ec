// What the tools of a figure do; run once, when the document is there.

const save = (blob, name) => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}
const view = (fig) => Bokeh.index.find_one_by_id(fig.id)
const LARGE = 3

window.synaptogenTools = {
  svg(fig, name) {
    view(fig).export("svg").to_blob().then((blob) => save(blob, `${name}.svg`))
  },

  // A picture for print: the SVG drawn three times as large, on the colour of the page.
  large(fig, name) {
    const {el, bbox: {width, height}} = view(fig)
    view(fig).export("svg").to_blob().then((blob) => {
      const image = new Image(), url = URL.createObjectURL(blob)
      image.onload = () => {
        const canvas = document.createElement("canvas"), context = canvas.getContext("2d")
        Object.assign(canvas, {width: LARGE * width, height: LARGE * height})
        context.fillStyle = getComputedStyle(el).getPropertyValue("--panel-surface-color").trim() || "#fff"
        context.fillRect(0, 0, canvas.width, canvas.height)
        context.drawImage(image, 0, 0, canvas.width, canvas.height)
        URL.revokeObjectURL(url)
        canvas.toBlob((png) => save(png, `${name}-${LARGE}x.png`))
      }
      image.src = url
    })
  },

  // The axes stay as they are while settings change, so that the eye can compare; again: they follow the data.
  lock(fig) {
    if (fig.kept) {
      for (const [range, hold] of fig.kept) {
        range.change.disconnect(hold)
        if ("_initial_start" in range) { Object.assign(range, {_initial_start: null, _initial_end: null}) }
      }
      fig.kept = null
      return
    }
    fig.kept = [fig.x_range, fig.y_range].filter((range) => "start" in range).map((range) => {
      const {start, end} = range
      if ("_initial_start" in range) { Object.assign(range, {_initial_start: start, _initial_end: end}) }
      const hold = () => { if (range.start !== start || range.end !== end) { range.setv({start, end}) } }
      range.change.connect(hold)
      return [range, hold]
    })
  },

  // The whole screen for one figure, and back: by the same tool, or by Escape.
  expand(fig) {
    if (document.fullscreenElement) {
      document.exitFullscreen()
      return
    }
    const height = fig.height
    const leave = () => {
      if (!document.fullscreenElement) {
        fig.height = height
        document.removeEventListener("fullscreenchange", leave)
      }
    }
    view(fig).el.requestFullscreen().then(() => {
      fig.height = window.innerHeight - 32
      document.addEventListener("fullscreenchange", leave)
    })
  },
}
