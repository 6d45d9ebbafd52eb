"""SimGRACE: contrast the encoder with a version of itself whose weights carry Gaussian noise (Xia et al. 2022)."""

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.loss.nt_xent import nt_xent
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Encoder, forward_with


class SimGRACE(GraphMethod):
    """Perturb every parameter of the encoder anew each step.

    The settings give the temperature, the noise's scale eta, in units of each tensor's standard deviation, and whether
    gradient runs through that branch, its head included; in the public code none does.
    """

    shares = True

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return NT-Xent between the encoder and its perturbed version."""
        settings, options = self.settings, self.settings.simgrace
        with torch.set_grad_enabled(options.perturbed_gradient and torch.is_grad_enabled()):
            weights = perturb(encoder, options.eta, random.torch)
            perturbed = head(forward_with(encoder, weights, batch, own_statistics=True).graph)
        clean = head(encoder(batch).graph)
        views = (clean, perturbed) if options.anchor == "clean" else (perturbed, clean)
        graph = nt_xent(*views, settings.temperature, settings.directions)
        return Loss(graph, {"graph": graph})


def perturb(encoder: nn.Module, eta: float, generator: torch.Generator) -> dict[str, Tensor]:
    """Return each parameter, of its own shape, plus `eta` times normal noise of its standard deviation.

    A tensor of one element or of equal elements (fresh biases) has no spread and stays as it is. Gradient flows to the
    parameters alone, not to the spread of their noise.
    """
    perturbed = {}
    for name, weight in encoder.named_parameters():
        value = weight.detach()
        spread = value.std() if value.numel() > 1 else value.new_zeros(())
        noise = torch.randn(value.shape, generator=generator, device=generator.device).to(value.device)
        perturbed[name] = weight + eta * spread * noise
    return perturbed
