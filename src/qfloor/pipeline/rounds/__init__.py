"""What a round is and what was judged in it: plan, prompts, and outputs as floors read them."""
