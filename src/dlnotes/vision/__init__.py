"""Image classifiers, from LeNet to DenseNet: `MODELS` names them all.

Those named `small_…` are for images of 28 × 28 and train in seconds. A
constructor with the name of its module has another one here, for otherwise
it would hide the module.
"""

from collections.abc import Callable

from dlnotes.vision.alexnet import alexnet as paper_alexnet
from dlnotes.vision.alexnet import small_alexnet
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.densenet import densenet121, small_densenet
from dlnotes.vision.googlenet import googlenet as paper_googlenet
from dlnotes.vision.googlenet import small_googlenet
from dlnotes.vision.lenet import lenet as paper_lenet
from dlnotes.vision.nin import cifar_nin, small_nin
from dlnotes.vision.nin import nin as paper_nin
from dlnotes.vision.resnet import resnet18, resnet50, small_resnet
from dlnotes.vision.vgg import small_vgg, vgg11, vgg16

MODELS: dict[str, Callable[..., Classifier]] = {
    "lenet": paper_lenet,
    "alexnet": paper_alexnet,
    "vgg11": vgg11,
    "vgg16": vgg16,
    "nin": paper_nin,
    "cifar_nin": cifar_nin,
    "googlenet": paper_googlenet,
    "resnet18": resnet18,
    "resnet50": resnet50,
    "densenet121": densenet121,
    "small_alexnet": small_alexnet,
    "small_vgg": small_vgg,
    "small_nin": small_nin,
    "small_googlenet": small_googlenet,
    "small_resnet": small_resnet,
    "small_densenet": small_densenet,
}
