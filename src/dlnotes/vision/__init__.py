"""Image classifiers, from LeNet to DenseNet, and what they are built of."""
