"""The image classifiers of the book by name, from LeNet to DenseNet.

Those named `small_…` are for images of 28 × 28 and train in seconds.
"""

from collections.abc import Callable

from dlnotes.vision.alexnet import alexnet, small_alexnet
from dlnotes.vision.classifier import Classifier
from dlnotes.vision.densenet import densenet121, small_densenet
from dlnotes.vision.googlenet import googlenet, small_googlenet
from dlnotes.vision.lenet import lenet
from dlnotes.vision.nin import cifar_nin, nin, small_nin
from dlnotes.vision.resnet import resnet18, resnet50, small_resnet
from dlnotes.vision.vgg import small_vgg, vgg11, vgg16

MODELS: dict[str, Callable[..., Classifier]] = {
    "lenet": lenet,
    "alexnet": alexnet,
    "vgg11": vgg11,
    "vgg16": vgg16,
    "nin": nin,
    "cifar_nin": cifar_nin,
    "googlenet": googlenet,
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
