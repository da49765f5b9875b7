"use strict"
// Said before the theme's script that searches: what a query is to it. That script lets
// every word stand for all that it begins, so “why not … for” would find note and forward,
// and 梯度 would find 梯度裁剪 first, which is rarer. So words that tell nothing are left
// out, a whole word counts four times, and spellings with s are read as the book's with z.
addEventListener("message", ({ data: message }) => {
  if (message.type !== 2) return
  const stem = /^(general|initial|maxim|minim|normal|optim|regular|standard|vector|visual)is(?=[eai])/i
  const words = message.data.trim().split(/\s+/).map(word => word.replace(stem, "$1iz"))
  const telling = words.filter(word => lunr.stopWordFilter(word.toLowerCase()))
  message.data = (telling.length ? telling : words)
    .map(word => /^[\p{L}\p{N}-]+$/u.test(word) ? `${word}^4 ${word}` : word)
    .join(" ")
})
