"""One run in Mesa's own SolaraViz: solara run docs/examples/solara_viz.py

The model is a Mesa model, so that all that SolaraViz does works: step, play, reset, other parameters, plots
of what the data collector keeps. What only Diffusion Cascades can do (paired differences, causes) is in
``cascades explore``.
"""

from mesa.visualization import SolaraViz, make_plot_component

from sim import DiffusionModel

PARAMETERS = {
    "scenario": {"type": "Select", "value": "toy", "values": ["toy", "gpt3"], "label": "scenario"},
    "rng": {"type": "SliderInt", "value": 1, "min": 0, "max": 100, "label": "seed"},
    "run": {"type": "SliderInt", "value": 0, "min": 0, "max": 1000, "label": "run"},
}

Page = SolaraViz(
    DiffusionModel("toy"),
    components=[make_plot_component(["holders", "access", "projects"]), make_plot_component("attention")],
    model_params=PARAMETERS,
    name="Diffusion Cascades in SolaraViz",
)
