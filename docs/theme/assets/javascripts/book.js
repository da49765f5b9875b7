// The language switch keeps the reader's place: headings have the same id in both books.
(() => {
  const here = () => {
    const named = decodeURIComponent(location.hash.slice(1))
    const target = named && document.getElementById(named)
    const top = target ? target.getBoundingClientRect().top : -1
    if (top >= 0 && top < innerHeight) return named
    const headings = [...document.querySelectorAll(".md-content :is(h2, h3, h4, [id^='cell-'])[id]")]
    const read = headings.filter(h => h.offsetParent && h.getBoundingClientRect().top < innerHeight / 4)
    return read.length ? read[read.length - 1].id : ""
  }

  for (const link of document.querySelectorAll("[data-dl-language]")) {
    for (const event of ["pointerenter", "focus", "pointerdown", "click"])
      link.addEventListener(event, () => { link.hash = here() })
    link.addEventListener("click", () => {
      try { localStorage.setItem("dlnotes.language", link.dataset.dlLanguage) } catch {}
    })
  }
})();

// Two ways to copy a block of code: with what it needs to run, which the page holds, and
// alone. The theme's script puts the text of a button on the clipboard and says so.
(() => {
  const words = JSON.parse(document.getElementById("dl-words").textContent)
  const held = document.getElementById("dl-copied")
  const programs = held ? JSON.parse(held.textContent) : {}

  const needed = name => {
    const [program, cell = ""] = name.split("#")
    const cells = Object.entries(programs[program])
    const last = cells.findIndex(([name]) => name === cell)
    return cells.slice(0, last + 1).map(([, code]) => code).join("\n")
  }

  // Of a console, what is typed: the lines that have a prompt, without it.
  const typed = code => code.replace(/^\$ |^(?!\$ ).*\n?/gm, "")

  const button = (label, text) => {
    const made = document.createElement("button")
    made.type = "button"
    made.textContent = label
    made.addEventListener("click", () => made.setAttribute("data-clipboard-text", text()))
    return made
  }

  for (const block of document.querySelectorAll(".highlight:not(.doc-signature)")) {
    const code = block.querySelector("pre > code")
    if (!code) continue
    const name = block.dataset.dlCopy
    const console = block.classList.contains("language-console")
    const text = () => console ? typed(code.textContent) : code.textContent
    const alone = button(name ? words.alone : words.copy, text)
    const bar = document.createElement("div")
    bar.className = "dl-copies"
    bar.append(...(name ? [button(words.needs, () => needed(name))] : []), alone)
    block.prepend(bar)
  }
})();

// A figure with frames gets a slider. Without scripts and on paper its last frame is seen.
(() => {
  const words = JSON.parse(document.getElementById("dl-words").textContent)

  for (const figure of document.querySelectorAll("svg[data-dl-frames]")) {
    const names = JSON.parse(figure.dataset.dlFrames)
    const parts = [...figure.querySelectorAll("[data-dl-in]")].map(part =>
      [part, part.dataset.dlIn.split(" ").map(span => span.split("-").map(Number))])
    const slider = document.createElement("input")
    slider.type = "range"
    slider.max = names.length - 1
    slider.value = 0
    slider.setAttribute("aria-label", words.frames)
    const name = document.createElement("span")
    name.setAttribute("aria-hidden", "true") // the slider says it
    const show = () => {
      const at = slider.valueAsNumber
      for (const [part, spans] of parts) {
        const seen = spans.some(([first, last = first]) => first <= at && at <= last)
        part.setAttribute("display", seen ? "inline" : "none")
      }
      name.textContent = names[at]
      slider.setAttribute("aria-valuetext", names[at])
    }
    slider.addEventListener("input", show)
    show()
    const bar = document.createElement("div")
    bar.className = "dl-slider"
    bar.append(slider, name)
    figure.after(bar)
  }
})();

// What the theme leaves without a name.
(() => {
  const search = document.querySelector(".md-search[role=dialog]")
  if (search) search.setAttribute("aria-label", search.querySelector("input").placeholder)
})()

// The theme's search starts with a key; dictation and a paste from the menu come without.
{
  const field = document.querySelector("[data-md-component=search-query]")
  field?.addEventListener("input", () => field.dispatchEvent(new KeyboardEvent("keyup")))
}
