/** One record of each format of the field, as published (Math-Shepherd, PRM800K, ProcessBench, TRL, ER-PRM, RLHFlow); some texts are shortened. */
export const mathShepherd = {
  input:
    "Janet pays $40/hour for 3 hours per week of clarinet lessons and $28/hour for 5 hours a week of piano lessons. How much more does she spend on piano lessons than clarinet lessons in a year? Step 1: Janet spends 3 hours + 5 hours = <<3+5=8>>8 hours per week on music lessons. ки\nStep 2: She spends 40 * 3 = <<40*3=120>>120 on clarinet lessons per week. ки\nStep 3: She spends 28 * 5 = <<28*5=140>>140 on piano lessons per week. ки\nStep 4: Janet spends 120 + 140 = <<120+140=260>>260 on music lessons per week. ки\nStep 5: She spends 260 * 52 = <<260*52=13520>>13520 on music lessons in a year. The answer is: 13520 ки",
  label:
    "Janet pays $40/hour for 3 hours per week of clarinet lessons and $28/hour for 5 hours a week of piano lessons. How much more does she spend on piano lessons than clarinet lessons in a year? Step 1: Janet spends 3 hours + 5 hours = <<3+5=8>>8 hours per week on music lessons. +\nStep 2: She spends 40 * 3 = <<40*3=120>>120 on clarinet lessons per week. +\nStep 3: She spends 28 * 5 = <<28*5=140>>140 on piano lessons per week. +\nStep 4: Janet spends 120 + 140 = <<120+140=260>>260 on music lessons per week. +\nStep 5: She spends 260 * 52 = <<260*52=13520>>13520 on music lessons in a year. The answer is: 13520 -",
  task: "GSM8K",
};

export const prm800k = {
  labeler: "e90a38f3-3135-4465-87af-3e6322e3d772",
  timestamp: "2022-07-30T23:23:32.118856",
  generation: null,
  is_quality_control_question: false,
  is_initial_screening_question: false,
  question: {
    problem:
      "Three pencils and a jumbo eraser cost $\\$1.24$. Five pencils and a jumbo eraser cost $\\$1.82$. No prices include tax. In cents, what is the cost of a pencil?",
    ground_truth_answer: "29",
  },
  label: {
    steps: [
      {
        completions: [
          {
            text: "Let's call the price of a pencil p and the price of a jumbo eraser e. Then we can write two equations.",
            rating: 1,
            flagged: false,
          },
        ],
        human_completion: null,
        chosen_completion: 0,
      },
      {
        completions: [
          {
            text: "The first equation is 3p + e = 124, and the second equation is 5p + e = 182.",
            rating: -1,
            flagged: false,
          },
        ],
        human_completion: {
          text: "We have $3p+e=1.24$ and $5p+e=1.82$.",
          rating: null,
          source: "human",
          flagged: false,
        },
        chosen_completion: null,
      },
    ],
    total_time: 293250,
    finish_reason: "solution",
  },
};

export const processbench = {
  id: "gsm8k-0",
  generator: "Qwen2-7B-Instruct",
  problem: "Sue lives in a fun neighborhood...",
  steps: ["To find out how many more pink plastic flamingos were out than...", "..."],
  final_answer_correct: false,
  label: 1,
};

export const trl = {
  prompt: "Which number is larger, 9.8 or 9.11?",
  completions: [
    "The fractional part of 9.8 is 0.8, while the fractional part of 9.11 is 0.11.",
    "Since 0.11 is greater than 0.8, the number 9.11 is larger than 9.8.",
  ],
  labels: [true, false],
};

export const erPrm = {
  text: "Janet pays $40/hour … in a year? Step 1: … ки\nStep 2: … ки\nStep 3: … ки\nStep 4: … ки\nStep 5: … The answer is: 13520 ки",
  value: [1.0, 0.8, 0.6, 0.7, 1.0],
};

export const rlhflow = {
  conversations: [
    {
      role: "user",
      content:
        "Convert the point $(0,3)$ in rectangular coordinates to polar coordinates. To convert from rectangular coordinates $(x, y)$ to polar coordinates $(r, \\theta)$, we can use the formulas\n\\[r = \\sqrt{x^2 + y^2}\\]\n\\[\\theta = \\arctan \\frac{y}{x}\\]",
    },
    {
      role: "assistant",
      content: "+",
    },
    {
      role: "user",
      content: "In this case, the rectangular coordinates are $(0,3)$, so $x = 0$ and $y = 3$.",
    },
    {
      role: "assistant",
      content: "+",
    },
  ],
};
