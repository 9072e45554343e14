"""What a simulated film is made of: a scene, a ball, paint, words, sound and a container.

Needs numpy, Pillow and PyAV, so nothing outside `film.draw` imports it.
"""
