"""From evidence and priors to what is known of an endpoint for one kind of clip, and how sure that is."""
