from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD

from dlnotes.data.pair import Pair
from dlnotes.decode.beam import beam_search
from dlnotes.language.vocabulary import UNKNOWN
from dlnotes.metrics import bleu
from dlnotes.schedule import cosine, warm_up
from dlnotes.seq2seq.decoder import Decoder
from dlnotes.seq2seq.encoder import Encoder
from dlnotes.seq2seq.model import Seq2Seq
from dlnotes.seq2seq.pairs import END, PAD, SPECIALS, START, PairBatches, pad_rows
from dlnotes.train import translation
from dlnotes.train.history import History
from dlnotes.train.translation import (
    Languages,
    Score,
    fit_translation,
    learn_languages,
    score_translation,
    translate,
)

PAIRS = [
    Pair("a b", "甲乙"),
    Pair("b a", "乙甲"),
    Pair("a a b", "甲甲乙"),
    Pair("b", "乙"),
    Pair("a", "甲"),
    Pair("b b", "乙乙"),
]
LANGUAGES = learn_languages(PAIRS)


def model() -> Seq2Seq:
    torch.manual_seed(0)
    reader = Encoder(len(LANGUAGES.english), 5, 8)
    return Seq2Seq(reader, Decoder(len(LANGUAGES.chinese), 5, 8, 8))


def fitted(net: nn.Module, steps: int = 25, lr: float = 2.0) -> History:
    optimizer = SGD(net.parameters(), lr=lr)
    return fit_translation(net, *LANGUAGES.encode(PAIRS), optimizer, steps, 2)


def weights(net: nn.Module) -> Tensor:
    return torch.cat([value.flatten() for value in net.state_dict().values()])


class TestLanguages:
    def test_the_specials_come_first_with_the_numbers_that_batches_use(self) -> None:
        for vocabulary in LANGUAGES:
            assert vocabulary.tokens[:4] == [*SPECIALS, UNKNOWN]
            assert [vocabulary.ids[name] for name in SPECIALS] == [PAD, START, END]
        assert LANGUAGES.english.tokens[4:] == ["b", "a"]
        assert LANGUAGES.chinese.tokens[4:] == ["乙", "甲"]

    def test_what_is_rare_is_unknown(self) -> None:
        languages = learn_languages([*PAIRS, Pair("c a", "丙甲")])
        assert "c" not in languages.english.ids
        sources, targets = languages.encode([Pair("c a", "丙甲")])
        assert languages.english.decode(sources[0]) == [UNKNOWN, "a"]
        assert languages.chinese.decode(targets[0]) == [UNKNOWN, "甲"]
        assert "c" in learn_languages([Pair("c", "丙")], min_count=1).english.ids


class TestFit:
    def test_it_is_a_plain_loop(self) -> None:
        ours, theirs = model(), model()
        for net in (ours, theirs):
            net.decoder.dense.weight.data *= 8  # so that there is something to clip
        history = fitted(ours)
        torch.manual_seed(0)
        batches = PairBatches(*LANGUAGES.encode(PAIRS), 2)
        optimizer, rate = SGD(theirs.parameters(), lr=2.0), warm_up(2, cosine(23))
        losses: list[float] = []
        clipped, counts = [], []
        while len(losses) < 25:
            for source, target_in, target in batches:
                if len(losses) == 25:
                    break
                logits = theirs(source, target_in)
                loss = cross_entropy(logits.transpose(1, 2), target, ignore_index=PAD)
                optimizer.zero_grad()
                loss.backward()
                clipped.append(clip_grad_norm_(theirs.parameters(), 1).item() > 1)
                optimizer.param_groups[0]["lr"] = 2 * rate(len(losses))
                optimizer.step()
                losses.append(loss.item())
                counts.append(int((target != PAD).sum()))
        assert history.losses == pytest.approx(losses, abs=1e-5)
        assert history.counts == counts
        torch.testing.assert_close(weights(ours), weights(theirs), rtol=1e-4, atol=1e-5)
        assert any(clipped)
        assert not all(clipped)

    def test_labels_are_smoothed_if_asked(self) -> None:
        histories, expected = [], []
        for smoothing in (0.0, 0.3):
            net = model()
            torch.manual_seed(0)
            ((source, target_in, target),) = PairBatches(*LANGUAGES.encode(PAIRS), 6)
            expected.append(
                cross_entropy(
                    net(source, target_in).transpose(1, 2),
                    target,
                    ignore_index=PAD,
                    label_smoothing=smoothing,
                ).item()
            )
            torch.manual_seed(0)
            data, optimizer = LANGUAGES.encode(PAIRS), SGD(net.parameters(), lr=0.5)
            histories.append(fit_translation(net, *data, optimizer, 3, 6, smoothing))
        first = [history.losses[0] for history in histories]
        assert first == pytest.approx(expected, abs=1e-5)
        assert abs(first[0] - first[1]) > 1e-3

    def test_it_learns_to_translate(self) -> None:
        net = model()
        before = score_translation(translate(net, PAIRS, LANGUAGES).sentences, PAIRS)
        fitted(net, 300, 1.0)
        after = score_translation(translate(net, PAIRS, LANGUAGES).sentences, PAIRS)
        assert before.exact < 0.5
        assert after.exact == 1

    def test_any_model_of_source_and_target_will_do(self) -> None:
        class Words(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.table = nn.Embedding(len(LANGUAGES.chinese), 6)

            def forward(self, source: Tensor, target_in: Tensor) -> Tensor:
                found: Tensor = self.table(target_in)
                return found

        history = fitted(Words(), 60)
        assert history.mean(5) < history.losses[0] - 0.3


class TestTranslate:
    def test_greedily_it_takes_the_most_probable_each_time(self) -> None:
        net = model()
        fitted(net, 40, 0.5)
        found = translate(net, PAIRS, LANGUAGES)
        names = LANGUAGES.chinese.tokens
        for n, pair in enumerate(PAIRS):
            source = LANGUAGES.english.encode(pair.words)[None]
            written, total = [START], 0.0
            for _ in range(translation.LIMIT):
                with torch.no_grad():
                    log_p = net(source, torch.tensor([written]))[0, -1].log_softmax(0)
                written.append(int(log_p.argmax()))
                total += log_p.max().item()
                if written[-1] == END:
                    break
            expected = [names[i] for i in written[1:] if i != END]
            assert found.sentences[n] == expected
            assert found.log_p[n].item() == pytest.approx(total, abs=1e-3)

    def test_in_parts_it_is_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        net = model()
        fitted(net, 40, 0.5)
        whole = translate(net, PAIRS, LANGUAGES)
        monkeypatch.setattr(translation, "AT_ONCE", 4)
        parts = translate(net, PAIRS, LANGUAGES)
        assert parts.sentences == whole.sentences
        torch.testing.assert_close(parts.log_p, whole.log_p)
        assert whole.log_p.shape == (6,)

    def test_with_a_width_it_is_beam_search(self) -> None:
        net = model()
        fitted(net, 40, 0.5)
        for penalty in (0.0, 1.0):
            found = translate(net, PAIRS, LANGUAGES, 3, penalty)
            state = net.start(pad_rows(LANGUAGES.encode(PAIRS)[0]))
            start = torch.full((6,), START)
            expected = beam_search(
                net.step, state, start, END, 3, translation.LIMIT, penalty
            )
            names = LANGUAGES.chinese.tokens
            rows = expected.until(END)
            assert found.sentences == [[names[i] for i in row] for row in rows]
            torch.testing.assert_close(found.log_p, expected.log_p)

    def test_the_model_evaluates_meanwhile(self) -> None:
        class Watched(Seq2Seq):
            modes: list[bool] = []  # noqa: RUF012

            def step(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
                self.modes.append(self.training)
                return super().step(tokens, state)

        plain = model()
        net = Watched(plain.encoder, plain.decoder)
        found = translate(net, PAIRS, LANGUAGES)
        assert not any(net.modes)
        assert net.training
        assert not found.log_p.requires_grad
        translate(net.eval(), PAIRS, LANGUAGES)
        assert not net.training


class TestScore:
    def test_all_right(self) -> None:
        pairs = [Pair("a", "甲乙丙丁"), Pair("b", "乙丙丁戊己")]
        found = score_translation([pair.characters for pair in pairs], pairs)
        assert list(found) == pytest.approx([100, 1])
        assert isinstance(found, Score)

    def test_it_is_the_corpus_bleu_and_the_share_of_equals(self) -> None:
        pairs = [Pair("a", "甲乙丙丁"), Pair("b", "乙丙丁戊己")]
        written = [list("甲乙丙丁"), list("乙丙丁戊")]
        expected = bleu(written, [[pair.characters] for pair in pairs])
        found = score_translation(written, pairs)
        assert list(found) == pytest.approx([expected, 0.5])

    def test_translations_of_one_sentence_are_references_together(self) -> None:
        pairs = [Pair("a", "甲乙丙丁"), Pair("a", "丁丙乙甲"), Pair("b", "乙乙乙乙")]
        written = [list("丁丙乙甲"), list("丁丙乙甲"), list("甲")]
        found = score_translation(written, pairs)
        references = [[list("甲乙丙丁"), list("丁丙乙甲")], [list("乙乙乙乙")]]
        assert found.exact == 0.5
        assert found.bleu == pytest.approx(bleu(written[1:], references))

    def test_not_as_many(self) -> None:
        with pytest.raises(ValueError, match="1 translations of 6 pairs"):
            score_translation([["甲"]], PAIRS)


class PowerCutError(Exception):
    pass


def test_at_full_scale_a_killed_run_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Cut in the middle of a pass, it ends as it would have ended."""
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    monkeypatch.setattr(translation, "best_device", lambda: torch.device("cpu"))

    def program(cut: int = -1) -> tuple[Tensor, History]:
        net = model()
        optimizer = SGD(net.parameters(), lr=0.5, momentum=0.9)

        def stop(*_: object) -> None:
            if optimizer.param_groups[0]["scheduled_steps"] == cut:
                raise PowerCutError

        optimizer.register_step_post_hook(stop)
        data = LANGUAGES.encode(PAIRS)
        history = fit_translation(net, *data, optimizer, 20, batch_size=2)
        return weights(net), history

    whole, history = program()
    monkeypatch.setenv("DLNOTES_UNFINISHED", str(tmp_path))
    with pytest.raises(PowerCutError):
        program(cut=10)
    assert len(list(tmp_path.iterdir())) == 1
    resumed, again = program()
    assert torch.equal(resumed, whole)
    assert again.losses == history.losses


def test_at_full_scale_runs_that_smooth_differently_have_files_of_their_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    monkeypatch.setenv("DLNOTES_UNFINISHED", str(tmp_path))
    monkeypatch.setattr(translation, "best_device", lambda: torch.device("cpu"))
    found = []
    for smoothing in (0.0, 0.1):
        net = model()
        optimizer = SGD(net.parameters(), lr=0.5)
        data = LANGUAGES.encode(PAIRS)
        history = fit_translation(net, *data, optimizer, 6, 2, smoothing)
        found.append(history.losses)
    assert len(list(tmp_path.iterdir())) == 2
    assert found[0] != found[1]


def test_at_full_scale_it_goes_to_the_best_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(translation, "best_device", lambda: torch.device("meta"))
    monkeypatch.setenv("DLNOTES_SCALE", "full")
    net = model()
    with pytest.raises(RuntimeError):
        fitted(net, 1)
    assert next(net.parameters()).device.type == "meta"


def test_languages_are_a_pair_of_vocabularies() -> None:
    assert LANGUAGES == Languages(LANGUAGES.english, LANGUAGES.chinese)
